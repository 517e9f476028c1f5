#include "common/base/executor.h"

#include <limits>
#include <utility>

namespace nacre {
namespace {

constexpr size_t kUntilEmpty = std::numeric_limits<size_t>::max();

// The strands whose jobs this thread is inside of, innermost first: one may post to another.
struct Running {
  const void* strand;
  Running* outer;
};
thread_local Running* running_here = nullptr;

}  // namespace

void Strand::Post(Job job) {
  const std::shared_ptr<State> state = state_;  // the job may be the last that needs the Strand, and end elsewhere
  {
    std::lock_guard lock(state->mutex);
    state->queue.push_back(std::move(job));
    if (std::exchange(state->running, true)) return;
  }
  const size_t jobs_max = state->relief == nullptr ? kUntilEmpty : kJobsInARow;
  Drain(state, jobs_max);
}

bool Strand::RunOne(State& state) {
  Job job;
  {
    std::lock_guard lock(state.mutex);
    if (state.queue.empty()) {
      state.running = false;
      return false;
    }
    job = std::move(state.queue.front());
    state.queue.pop_front();
  }
  job();
  return true;
}

void Strand::Drain(const std::shared_ptr<State>& state, size_t jobs_max) {
  Running here{state.get(), running_here};
  running_here = &here;
  bool more = true;
  for (size_t jobs = 0; more && jobs < jobs_max; ++jobs) more = RunOne(*state);
  running_here = here.outer;
  // It counts as running until the relief has come: nobody else begins.
  if (more) state->relief->Post([state] { Drain(state, kUntilEmpty); });
}

bool Strand::RunsHere() const {
  for (const Running* at = running_here; at != nullptr; at = at->outer) {
    if (at->strand == state_.get()) return true;
  }
  return false;
}

}  // namespace nacre
