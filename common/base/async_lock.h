// Locks that suspend instead of blocking, for state that waits (an object being written, a file being truncated).
//
// All of it belongs to one strand: every call, and every resumption, is there. First come, first served. No lock is
// taken while another of the same table is held, except in the order the caller's header states.
#pragma once

#include <coroutine>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "common/base/check.h"
#include "common/base/executor.h"

namespace nacre {

// Readers together or one writer. A waiting writer holds back later readers, so neither starves.
class AsyncSharedMutex {
 public:
  explicit AsyncSharedMutex(Executor& strand) : strand_(&strand) {}
  AsyncSharedMutex(const AsyncSharedMutex&) = delete;
  ~AsyncSharedMutex() { NACRE_CHECK(idle(), "a lock outlives its holders and waiters"); }

  bool idle() const { return readers_ == 0 && !writer_ && waiting_.empty(); }

  class Awaiter {
   public:
    Awaiter(AsyncSharedMutex& mutex, bool exclusive) : mutex_(mutex), exclusive_(exclusive) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> rest) {
      if (mutex_.waiting_.empty() && mutex_.TryTake(exclusive_)) return false;
      mutex_.waiting_.push_back({rest, exclusive_});
      return true;
    }
    void await_resume() const noexcept {}

   private:
    AsyncSharedMutex& mutex_;
    bool exclusive_;
  };
  Awaiter LockExclusive() { return Awaiter(*this, true); }
  Awaiter LockShared() { return Awaiter(*this, false); }
  void Unlock(bool exclusive) {
    if (exclusive) {
      writer_ = false;
    } else {
      --readers_;
    }
    while (!waiting_.empty() && TryTake(waiting_.front().exclusive)) {
      std::coroutine_handle<> next = waiting_.front().rest;
      waiting_.pop_front();
      strand_->Post([next] { task_internal::Resume(next); });
    }
  }

 private:
  struct Waiting {
    std::coroutine_handle<> rest;
    bool exclusive;
  };
  bool TryTake(bool exclusive) {
    if (writer_ || (exclusive && readers_ > 0)) return false;
    if (exclusive) {
      writer_ = true;
    } else {
      ++readers_;
    }
    return true;
  }

  Executor* strand_;
  int readers_ = 0;
  bool writer_ = false;
  std::deque<Waiting> waiting_;
};

// LockTable: a lock per key, existing only while somebody holds or wants it.
//   auto held = co_await table.Exclusive(key);   // released when held goes out of scope, on the strand
template <typename Key>
class LockTable {
  struct Entry {
    explicit Entry(Executor& strand) : mutex(strand) {}
    AsyncSharedMutex mutex;
    int users = 0;  // holders and waiters
  };

 public:
  explicit LockTable(Executor& strand) : strand_(strand) {}

  class [[nodiscard]] Held {
   public:
    Held() = default;
    Held(Held&& other) noexcept { *this = std::move(other); }
    Held& operator=(Held&& other) noexcept {
      Release();
      table_ = std::exchange(other.table_, nullptr);
      key_ = std::move(other.key_);
      exclusive_ = other.exclusive_;
      return *this;
    }
    ~Held() { Release(); }
    void Release() {
      if (table_ != nullptr) std::exchange(table_, nullptr)->Release(key_, exclusive_);
    }

   private:
    friend class LockTable;
    Held(LockTable* table, Key key, bool exclusive) : table_(table), key_(std::move(key)), exclusive_(exclusive) {}
    LockTable* table_ = nullptr;
    Key key_{};
    bool exclusive_ = false;
  };

  class Awaiter {
   public:
    Awaiter(LockTable& table, Key key, bool exclusive)
        : table_(table), key_(std::move(key)), exclusive_(exclusive), entry_(table.Enter(key_)),
          inner_(entry_.mutex, exclusive) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> rest) { return inner_.await_suspend(rest); }
    Held await_resume() { return Held(&table_, std::move(key_), exclusive_); }

   private:
    LockTable& table_;
    Key key_;
    bool exclusive_;
    Entry& entry_;
    AsyncSharedMutex::Awaiter inner_;
  };
  Awaiter Exclusive(Key key) { return Awaiter(*this, std::move(key), true); }
  Awaiter Shared(Key key) { return Awaiter(*this, std::move(key), false); }
  bool empty() const { return entries_.empty(); }

 private:
  Entry& Enter(const Key& key) {
    auto& slot = entries_[key];
    if (!slot) slot = std::make_unique<Entry>(strand_);
    ++slot->users;
    return *slot;
  }
  void Release(const Key& key, bool exclusive) {
    auto it = entries_.find(key);
    it->second->mutex.Unlock(exclusive);
    if (--it->second->users == 0) entries_.erase(it);
  }

  Executor& strand_;
  std::map<Key, std::unique_ptr<Entry>> entries_;
};

}  // namespace nacre
