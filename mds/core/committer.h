// LogCommitter makes applied changes stable: one sync for all that were applied before it started (group commit), begun when
// somebody waits, or by the server's clockwork. One strand.
#pragma once

#include <functional>

#include "common/base/executor.h"
#include "common/base/task.h"
#include "common/kv/kv_store.h"
#include "common/recovery/commit_queue.h"
#include "common/recovery/transno.h"
#include "mds/core/unstable.h"

namespace nacre {

class LogCommitter {
 public:
  // fatal is called when a sync failed: nobody knows what is on the disk, the process must end. It does not return, or
  // the waiters wait forever.
  LogCommitter(Strand& strand, Executor& io, KvStore& kv, const TransnoSource& transnos,
            std::function<void(const Status&)> fatal)
      : strand_(strand), io_(io), kv_(kv), transnos_(transnos), fatal_(std::move(fatal)), queue_(strand) {
    queue_.Advance(transnos_.last());  // what earlier lives left is stable, or gone
  }

  Task<void> Stable(Transno transno);  // on the strand, ends there
  // Whatever was applied gets stable soon, if nobody waits for it either.
  void Begin();
  Transno stable() const { return queue_.stable(); }
  Unstable& unstable() { return unstable_; }
  Task<void> Drained() { return tasks_.Drained(); }

 private:
  Task<void> Run();

  Strand& strand_;
  Executor& io_;
  KvStore& kv_;
  const TransnoSource& transnos_;
  std::function<void(const Status&)> fatal_;
  CommitQueue queue_;
  Unstable unstable_;
  bool running_ = false;
  TaskGroup tasks_;
};

}  // namespace nacre
