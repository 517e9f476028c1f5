#include "common/base/executor.h"

#include <utility>

namespace nacre {
namespace {

// The strands whose jobs this thread is inside of, innermost first: one may post to another.
struct Running {
  const Strand* strand;
  Running* outer;
};
thread_local Running* running_here = nullptr;

}  // namespace

void Strand::Post(Job job) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
    if (running_) return;
    running_ = true;
  }
  Drain();
}

void Strand::Drain() {
  Running here{this, running_here};
  running_here = &here;
  while (true) {
    Job job;
    {
      std::lock_guard lock(mutex_);
      if (queue_.empty()) {
        running_ = false;
        break;
      }
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job();
  }
  running_here = here.outer;
}

bool Strand::RunsHere() const {
  for (const Running* at = running_here; at != nullptr; at = at->outer) {
    if (at->strand == this) return true;
  }
  return false;
}

}  // namespace nacre
