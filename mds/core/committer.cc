#include "mds/core/committer.h"

namespace nacre {

void Unstable::Changed(const Fid& fid, Transno transno) {
  newest_[fid] = transno;
  in_order_.emplace_back(transno, fid);
}

Transno Unstable::Newest(const Fid& fid) const {
  auto it = newest_.find(fid);
  return it == newest_.end() ? 0 : it->second;
}

void Unstable::Forget(Transno stable) {
  while (!in_order_.empty() && in_order_.front().first <= stable) {
    auto it = newest_.find(in_order_.front().second);
    if (it != newest_.end() && it->second <= stable) newest_.erase(it);
    in_order_.pop_front();
  }
}

Task<void> LogCommitter::Stable(Transno transno) {
  if (transno <= queue_.stable()) co_return;
  if (!running_) {
    running_ = true;
    tasks_.Start(Run());
  }
  co_await queue_.Stable(transno);
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
    unstable_inodes_.Forget(applied);
    unstable_entries_.Forget(applied);
    queue_.Advance(applied);
  } while (queue_.somebody_waits());
  running_ = false;
}

}  // namespace nacre
