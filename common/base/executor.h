// Executor: where code runs next. Cores never block a thread; what waits is awaited, and goes on on an executor.
//
// Implementations: runtime/thread_pool.h (real threads, for disk and cipher work), Strand below (one at a time, no
// thread of its own), and the tests' hand-driven queue.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "common/base/clock.h"
#include "common/base/resume.h"

namespace nacre {

class Executor {
 public:
  using Job = std::function<void()>;
  virtual ~Executor() = default;

  // Runs job once, soon, on a thread of the executor's choice; a Strand may run it before Post returns. Any thread.
  // Never call it while holding a mutex.
  virtual void Post(Job job) = 0;
};

// An executor that can also wait.
class Timers {
 public:
  virtual ~Timers() = default;
  virtual void PostAfter(Duration delay, Executor& where, Executor::Job job) = 0;
};

// co_await Hop(executor): what follows runs there.
struct Hop {
  explicit Hop(Executor& executor) : executor_(executor) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> rest) const { executor_.Post([rest] { task_internal::Resume(rest); }); }
  void await_resume() const noexcept {}

 private:
  Executor& executor_;
};

// co_await Sleep(timers, executor, delay): what follows runs on executor, not before delay has passed.
struct Sleep {
  Sleep(Timers& timers, Executor& executor, Duration delay) : timers_(timers), executor_(executor), delay_(delay) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> rest) const {
    timers_.PostAfter(delay_, executor_, [rest] { task_internal::Resume(rest); });
  }
  void await_resume() const noexcept {}

 private:
  Timers& timers_;
  Executor& executor_;
  Duration delay_;
};

// Strand runs its jobs one at a time, in the order they came, on the threads that bring them: whoever posts to an idle
// strand runs it until it is empty. So state that only a strand touches needs no lock, and a request that finds the
// strand idle pays no thread switch. A core's bookkeeping lives on one; anything that waits or takes long (disk,
// cipher) leaves it first and comes back with Hop.
//
// While others keep it from becoming empty, a thread that has work of its own (sockets to read) would never come back to
// it: after so many jobs in a row the rest goes to `relief`, whose threads should have nothing else to do.
//
// Once something is posted, running it needs the Strand no more, only the relief: that one outlives the threads that post.
class Strand final : public Executor {
 public:
  static constexpr size_t kJobsInARow = 64;

  // nullptr: whoever runs it goes on until it is empty.
  explicit Strand(Executor* relief = nullptr) : state_(std::make_shared<State>(relief)) {}

  void Post(Job job) override;
  bool RunsHere() const;  // for CHECKs: is this thread inside one of this strand's jobs?

 private:
  struct State {
    explicit State(Executor* given) : relief(given) {}
    Executor* const relief;
    std::mutex mutex;  // guards all below
    std::deque<Job> queue;
    bool running = false;
  };
  static bool RunOne(State& state);  // false: the strand is empty, and idle
  static void Drain(const std::shared_ptr<State>& state, size_t jobs_max);

  const std::shared_ptr<State> state_;
};

}  // namespace nacre
