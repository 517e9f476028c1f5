// SlotPool: the slots of this client's session at one server. A slot has one change in flight, so the server keeps one
// reply record for each (DESIGN §7). Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "client/core/async_semaphore.h"

namespace nacre {

class SlotPool {
 public:
  static constexpr uint32_t kSlots = 64;  // far below the server's bound of 256 (common/recovery/reply_record.h)

  explicit SlotPool(Executor& executor) : free_count_(executor, kSlots) {
    // Slot 0 is left to requests that change nothing.
    for (uint32_t slot = kSlots; slot >= 1; --slot) free_.push_back(slot);
  }

  class [[nodiscard]] Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), number_(std::exchange(other.number_, 0)),
          unit_(std::move(other.unit_)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(number_, other.number_);
      std::swap(unit_, other.unit_);
      return *this;
    }
    ~Slot() {
      if (pool_ == nullptr) return;
      std::lock_guard lock(pool_->mutex_);
      pool_->free_.push_back(number_);
    }
    uint32_t number() const { return number_; }

   private:
    friend class SlotPool;
    SlotPool* pool_ = nullptr;
    uint32_t number_ = 0;
    AsyncSemaphore::Units unit_;  // goes after the number is back
  };

  Task<Slot> Take() {
    Slot slot;
    slot.unit_ = co_await free_count_.Take();
    std::lock_guard lock(mutex_);
    slot.pool_ = this;
    slot.number_ = free_.back();
    free_.pop_back();
    co_return slot;
  }

 private:
  AsyncSemaphore free_count_;
  std::mutex mutex_;  // guards free_
  std::vector<uint32_t> free_;
};

}  // namespace nacre
