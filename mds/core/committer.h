// LogCommitter makes applied changes stable: one sync for all that were applied before it started (group commit), begun when
// somebody waits. Unstable says which inodes, and which directories' entries, have a change that is not stable yet: who
// shows one waits for it. One strand.
#pragma once

#include <deque>
#include <functional>
#include <unordered_map>

#include "common/base/executor.h"
#include "common/base/task.h"
#include "common/fs/fid.h"
#include "common/kv/kv_store.h"
#include "common/recovery/commit_queue.h"
#include "common/recovery/transno.h"

namespace nacre {

class Unstable {
 public:
  void Changed(const Fid& fid, Transno transno);
  // The newest change of it that may not be stable; 0: none.
  Transno Newest(const Fid& fid) const;
  void Forget(Transno stable);

 private:
  std::unordered_map<Fid, Transno, FidHash> newest_;
  std::deque<std::pair<Transno, Fid>> in_order_;
};

class LogCommitter {
 public:
  // fatal is called when a sync failed: nobody knows what is on the disk, the process must end. It does not return, or
  // the waiters wait forever.
  LogCommitter(Strand& strand, Executor& io, KvStore& kv, const TransnoSource& transnos,
            std::function<void(const Status&)> fatal)
      : strand_(strand), io_(io), kv_(kv), transnos_(transnos), fatal_(std::move(fatal)), queue_(strand) {}

  Task<void> Stable(Transno transno);  // on the strand, ends there
  Transno stable() const { return queue_.stable(); }
  Unstable& unstable_inodes() { return unstable_inodes_; }
  Unstable& unstable_entries() { return unstable_entries_; }  // by directory
  Task<void> Drained() { return tasks_.Drained(); }

 private:
  Task<void> Run();

  Strand& strand_;
  Executor& io_;
  KvStore& kv_;
  const TransnoSource& transnos_;
  std::function<void(const Status&)> fatal_;
  CommitQueue queue_;
  Unstable unstable_inodes_;
  Unstable unstable_entries_;
  bool running_ = false;
  TaskGroup tasks_;
};

}  // namespace nacre
