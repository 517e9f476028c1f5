// Task<T>: a coroutine that runs when awaited and answers once. The one place that knows how coroutines are driven.
//
//   Task<Result<int>> Twice(Api& api) { auto one = co_await api.Get(); co_return *one * 2; }
//
// Where code goes on: a Task that finishes resumes its awaiter on the thread it finished on; nothing hops by itself.
// Who must be on a strand says so: co_await Hop(strand), or co_await ReturnTo(strand, task).
// A Task that is never awaited never runs. A Task is awaited once. Exceptions do not leave one (the process ends).
//
// Trap of g++ 12 (PR 98401 and kin): a temporary made by braces inside a co_await expression may be destroyed twice.
// Name arguments before the co_await.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/base/executor.h"
#include "common/base/resume.h"
#include "common/base/semaphore.h"

namespace nacre {

namespace task_internal {

struct PromiseBase {
  std::coroutine_handle<> awaiter;
  uint64_t start_id = 0;

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <typename P>
    void await_suspend(std::coroutine_handle<P> self) const noexcept {
      PromiseBase& promise = self.promise();
      StartRecord* top = starting_here;
      if (top != nullptr && top->id == promise.start_id) {
        top->finished = true;
      } else {
        Resume(promise.awaiter);  // may destroy the frame of self: touch nothing behind this
      }
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return std::move(*value); }
};
template <>
struct Promise<void> : PromiseBase {
  void return_void() {}
  void Take() {}
};

}  // namespace task_internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : task_internal::Promise<T> {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> awaiter) noexcept {
    NACRE_CHECK(handle_, "a Task is awaited once");
    handle_.promise().awaiter = awaiter;
    task_internal::StartRecord record{task_internal::NextStartId(), false, task_internal::starting_here};
    handle_.promise().start_id = record.id;
    task_internal::starting_here = &record;
    std::coroutine_handle<promise_type> started = handle_;  // the frame that holds *this may be gone when resume returns
    started.resume();
    task_internal::starting_here = record.outer;
    return !record.finished;
  }
  T await_resume() { return handle_.promise().Take(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

namespace task_internal {

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

// Named functions, not lambdas: g++ 12 puts the frames of a coroutine lambda inside an inline function into the sections
// of whatever it was inlined into, and the linker then throws away the wrong copy.
inline Detached RunDetached(Task<void> task) { co_await std::move(task); }

template <typename T>
struct Waited {
  std::optional<T> value;
  Semaphore done;
};
template <typename T>
Task<void> AnswerTo(Task<T> task, Waited<T>* out) {
  out->value.emplace(co_await std::move(task));
  out->done.Release();
}
inline Task<void> ReleaseAfter(Task<void> task, Semaphore* done) {
  co_await std::move(task);
  done->Release();
}

}  // namespace task_internal

// Starts a task nobody waits for, on this thread, up to its first suspension. What it refers to must outlive it: servers
// count theirs (TaskGroup) and drain before they go.
inline void Detach(Task<void> task) { task_internal::RunDetached(std::move(task)); }

// Blocks this thread until the task has answered. For main(), the blocking façade of nacre.h, and tests; never in a core.
template <typename T>
T SyncWait(Task<T> task) {
  task_internal::Waited<T> waited;
  Detach(task_internal::AnswerTo(std::move(task), &waited));
  waited.done.Acquire();
  return std::move(*waited.value);
}
inline void SyncWait(Task<void> task) {
  Semaphore done;
  Detach(task_internal::ReleaseAfter(std::move(task), &done));
  done.Acquire();
}

// Awaits task, then goes on on executor.
template <typename T>
Task<T> ReturnTo(Executor& executor, Task<T> task) {
  T value = co_await std::move(task);
  co_await Hop(executor);
  co_return value;
}
inline Task<void> ReturnTo(Executor& executor, Task<void> task) {
  co_await std::move(task);
  co_await Hop(executor);
}

// Runs f() on executor and answers with what it returned, still there.
template <typename F>
auto RunOn(Executor& executor, F f) -> Task<decltype(f())> {
  co_await Hop(executor);
  co_return f();
}

// OneShot: a value that one side sets once, from any thread, and the other awaits once. The bridge from call-backs
// (gRPC, timers) to coroutines. The awaiter goes on on the setter's thread.
template <typename T>
class OneShot {
 public:
  OneShot() : state_(std::make_shared<State>()) {}

  void Set(T value) const {
    state_->value.emplace(std::move(value));
    void* waiting = state_->waiter.exchange(&state_->set_mark);
    if (waiting != nullptr) task_internal::Resume(std::coroutine_handle<>::from_address(waiting));
  }

  bool await_ready() const noexcept { return state_->waiter.load() == &state_->set_mark; }
  bool await_suspend(std::coroutine_handle<> rest) const noexcept {
    void* expected = nullptr;
    // Keeps the state alive beyond a Set that wins while we are here.
    std::shared_ptr<State> keep = state_;
    return keep->waiter.compare_exchange_strong(expected, rest.address());
  }
  T await_resume() const { return std::move(*state_->value); }

 private:
  struct State {
    std::optional<T> value;
    std::atomic<void*> waiter{nullptr};
    char set_mark = 0;
  };
  std::shared_ptr<State> state_;
};

namespace task_internal {
template <typename T>
struct Gathered {
  std::vector<std::optional<T>> values;
  std::atomic<size_t> left;
  OneShot<bool> done;
};
template <typename T>
Task<void> GatherOne(Task<T> task, std::shared_ptr<Gathered<T>> out, size_t index) {
  out->values[index].emplace(co_await std::move(task));
  if (out->left.fetch_sub(1) == 1) out->done.Set(true);
}
}  // namespace task_internal

// WhenAll: starts all, answers with all answers in order. They run at the same time as far as they wait.
template <typename T>
Task<std::vector<T>> WhenAll(std::vector<Task<T>> tasks) {
  std::vector<T> values;
  if (tasks.empty()) co_return values;
  auto gathered = std::make_shared<task_internal::Gathered<T>>();
  gathered->values.resize(tasks.size());
  gathered->left = tasks.size();
  for (size_t i = 0; i < tasks.size(); ++i) Detach(task_internal::GatherOne(std::move(tasks[i]), gathered, i));
  co_await gathered->done;
  values.reserve(gathered->values.size());
  for (auto& value : gathered->values) values.push_back(std::move(*value));
  co_return values;
}

// TaskGroup counts detached tasks, so that who owns what they refer to can wait for the last. Any thread.
class TaskGroup {
 public:
  void Start(Task<void> task) {
    {
      std::lock_guard lock(mutex_);
      ++running_;
    }
    Detach(Counted(this, std::move(task)));
  }
  // Answers when none runs. One waiter at a time.
  Task<void> Drained() {
    OneShot<bool> done;
    {
      std::lock_guard lock(mutex_);
      if (running_ == 0) co_return;
      waiter_ = done;
    }
    co_await done;
  }

 private:
  static Task<void> Counted(TaskGroup* group, Task<void> task) {
    co_await std::move(task);
    group->Finished();
  }
  void Finished() {
    std::optional<OneShot<bool>> wake;
    {
      std::lock_guard lock(mutex_);
      if (--running_ == 0) wake = std::exchange(waiter_, std::nullopt);
    }
    if (wake) wake->Set(true);
  }
  std::mutex mutex_;  // guards running_, waiter_
  size_t running_ = 0;
  std::optional<OneShot<bool>> waiter_;
};

}  // namespace nacre
