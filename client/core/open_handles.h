// OpenHandles: what this client has open at the metadata server, from the answer of the Open until the Close is stable, so
// that a restarted server can be told. Any thread. Knows no server and sends nothing.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "common/fs/fid.h"

namespace nacre {

class OpenHandles {
 public:
  struct Handle {
    Fid fid;
    uint64_t xid = 0;  // of its Open
    bool write = false;
  };

  // An Open was answered by this life of the server. False: that life is over, and the new one was told without this one:
  // the request is to be sent again.
  bool Opened(const Handle& handle, uint64_t boot_count) {
    std::lock_guard lock(mutex_);
    if (boot_count < boot_count_) return false;
    handles_[handle.xid] = handle;
    return true;
  }
  void Closed(uint64_t xid) {
    std::lock_guard lock(mutex_);
    handles_.erase(xid);
  }
  // The server is in this life now: what it is to be told.
  std::vector<Handle> EnterLife(uint64_t boot_count) {
    std::lock_guard lock(mutex_);
    boot_count_ = boot_count;
    std::vector<Handle> all;
    for (const auto& [xid, handle] : handles_) all.push_back(handle);
    return all;
  }
  // The session is another: nothing is open in it.
  void Clear() {
    std::lock_guard lock(mutex_);
    handles_.clear();
  }

 private:
  std::mutex mutex_;  // guards all below
  uint64_t boot_count_ = 0;
  std::map<uint64_t, Handle> handles_;  // by xid
};

}  // namespace nacre
