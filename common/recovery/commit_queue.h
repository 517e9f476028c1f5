// CommitQueue: who waits for which change to be stable. Changes enter in transno order; the committer says how far the
// stable storage has come; whoever waits up to there goes on. Used by MDS and OSS alike. One strand.
#pragma once

#include <coroutine>
#include <map>
#include <vector>

#include "common/base/executor.h"
#include "common/recovery/transno.h"

namespace nacre {

class CommitQueue {
 public:
  explicit CommitQueue(Executor& strand) : strand_(strand) {}

  Transno stable() const { return stable_; }
  bool somebody_waits() const { return !waiting_.empty(); }

  // Everything up to transno is on stable storage.
  void Advance(Transno transno) {
    if (transno <= stable_) return;
    stable_ = transno;
    while (!waiting_.empty() && waiting_.begin()->first <= stable_) {
      std::coroutine_handle<> next = waiting_.begin()->second;
      waiting_.erase(waiting_.begin());
      strand_.Post([next] { task_internal::Resume(next); });
    }
  }

  // co_await queue.Stable(transno): goes on, on the strand, once that change is stable. Asking the committer to hurry is
  // the caller's part.
  struct Awaiter {
    CommitQueue& queue;
    Transno transno;
    bool await_ready() const noexcept { return transno <= queue.stable_; }
    void await_suspend(std::coroutine_handle<> rest) { queue.waiting_.emplace(transno, rest); }
    void await_resume() const noexcept {}
  };
  Awaiter Stable(Transno transno) { return Awaiter{*this, transno}; }

 private:
  Executor& strand_;
  Transno stable_ = 0;
  std::multimap<Transno, std::coroutine_handle<>> waiting_;
};

}  // namespace nacre
