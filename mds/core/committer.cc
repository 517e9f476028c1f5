#include "mds/core/committer.h"

namespace nacre {

Task<void> LogCommitter::Stable(Transno transno) {
  if (transno <= queue_.stable()) co_return;
  Begin();
  co_await queue_.Stable(transno);
}

void LogCommitter::Begin() {
  if (running_ || queue_.stable() >= transnos_.last()) return;
  running_ = true;
  tasks_.Start(Run());
}

// The first round is for who started it: that one is not in the queue yet.
Task<void> LogCommitter::Run() {
  do {
    const Transno applied = transnos_.last();
    co_await Hop(io_);
    const Status status = kv_.Sync();
    co_await Hop(strand_);
    if (!status.ok()) {
      fatal_(status.With("making changes stable"));
      co_return;
    }
    unstable_.Forget(applied);
    queue_.Advance(applied);
  } while (queue_.somebody_waits());
  running_ = false;
}

}  // namespace nacre
