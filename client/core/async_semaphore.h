// AsyncSemaphore: a bound on things in flight or bytes held. Who must wait is suspended, first come, first served, and
// goes on on the executor given in (never inside the Release of another, whose stack it would eat). Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include "common/base/check.h"
#include "common/base/executor.h"
#include "common/base/task.h"

namespace nacre {

class AsyncSemaphore {
 public:
  AsyncSemaphore(Executor& executor, uint64_t units) : executor_(executor), units_(units), free_(units) {}
  AsyncSemaphore(const AsyncSemaphore&) = delete;
  AsyncSemaphore& operator=(const AsyncSemaphore&) = delete;

  // Units taken; given back when it goes.
  class [[nodiscard]] Units {
   public:
    Units() = default;
    Units(Units&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), count_(std::exchange(other.count_, 0)) {}
    Units& operator=(Units&& other) noexcept {
      std::swap(from_, other.from_);
      std::swap(count_, other.count_);
      return *this;
    }
    ~Units() { Release(); }
    void Release() {
      if (from_ != nullptr) std::exchange(from_, nullptr)->Give(count_);
    }
    uint64_t count() const { return count_; }

   private:
    friend class AsyncSemaphore;
    Units(AsyncSemaphore* from, uint64_t count) : from_(from), count_(count) {}
    AsyncSemaphore* from_ = nullptr;
    uint64_t count_ = 0;
  };

  // More than there are in all counts as all.
  Task<Units> Take(uint64_t count = 1) {
    if (count > units_) count = units_;
    OneShot<bool> turn;
    bool waits = false;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty() && free_ >= count) {
        free_ -= count;
      } else {
        waiting_.push_back({count, turn});
        waits = true;
      }
    }
    if (waits) co_await turn;
    co_return Units(this, count);
  }

  uint64_t taken() const {
    std::lock_guard lock(mutex_);
    return units_ - free_;
  }

 private:
  struct Waiting {
    uint64_t count;
    OneShot<bool> turn;
  };

  void Give(uint64_t count) {
    std::deque<OneShot<bool>> woken;
    {
      std::lock_guard lock(mutex_);
      free_ += count;
      NACRE_CHECK(free_ <= units_, "units are given back once");
      while (!waiting_.empty() && waiting_.front().count <= free_) {
        free_ -= waiting_.front().count;
        woken.push_back(waiting_.front().turn);
        waiting_.pop_front();
      }
    }
    for (const OneShot<bool>& turn : woken) executor_.Post([turn] { turn.Set(true); });
  }

  Executor& executor_;
  const uint64_t units_;
  mutable std::mutex mutex_;  // guards free_, waiting_
  uint64_t free_;
  std::deque<Waiting> waiting_;
};

}  // namespace nacre
