// What is known of a development cluster between commands: DIR/dev.json, replaced as a whole, written by one command at a
// time (DIR/dev.lock). Its content is what `nacre dev up` decided and which processes it started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/dev/process.h"
#include "common/base/status.h"

namespace nacre::dev {

struct Target {
  std::string name;     // mdt0, ost1
  bool is_mdt = false;
  uint32_t index = 0;
  std::string address;  // 127.0.0.1:PORT, kept for life: clients know it
  ProcessId process;    // pid 0: was stopped
};

struct DevState {
  std::string fsid;     // hex; empty until the cluster has told it
  std::vector<Target> targets;

  Target* Find(std::string_view name);
};

// kNotFound: DIR holds no cluster. kInvalid: the file is damaged.
Result<DevState> LoadState(const std::string& directory);
Status StoreState(const std::string& directory, const DevState& state);

// So that two `nacre dev` on one DIR come one after the other. Released when it dies.
class DevLock {
 public:
  static Result<DevLock> Take(const std::string& directory);
  DevLock(DevLock&& other) noexcept;
  DevLock& operator=(DevLock&&) = delete;
  ~DevLock();

 private:
  explicit DevLock(int fd) : fd_(fd) {}
  int fd_;
};

// Written beside and moved over, so that a reader finds the old or the new text, never a part.
Status ReplaceFile(const std::string& path, const std::string& text);

}  // namespace nacre::dev
