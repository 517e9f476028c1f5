// PageRangeLock: a client never has two requests in flight that change the same page of a file (DESIGN §7). First come,
// first served; who waits goes on on the executor given in. Any thread. The lock outlives its holders.
#pragma once

#include <cstdint>
#include <limits>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include "common/base/executor.h"
#include "common/base/task.h"

namespace nacre {

class PageRangeLock {
  struct Range {
    uint64_t first, end;  // pages [first, end)
    bool held;
    OneShot<bool> turn;
  };
  using Ranges = std::list<Range>;

 public:
  static constexpr uint64_t kNoEnd = std::numeric_limits<uint64_t>::max();

  explicit PageRangeLock(Executor& executor) : executor_(executor) {}

  class [[nodiscard]] Held {
   public:
    Held() = default;
    Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)), range_(other.range_) {}
    Held& operator=(Held&& other) noexcept {
      std::swap(lock_, other.lock_);
      std::swap(range_, other.range_);
      return *this;
    }
    ~Held() {
      if (lock_ != nullptr) lock_->Release(range_);
    }

   private:
    friend class PageRangeLock;
    PageRangeLock* lock_ = nullptr;
    Ranges::iterator range_;
  };

  Task<Held> Take(uint64_t page_first, uint64_t page_end) {
    Held held;
    OneShot<bool> turn;
    bool waits = false;
    {
      std::lock_guard lock(mutex_);
      waits = OverlapsLocked(ranges_.end(), page_first, page_end);
      held.range_ = ranges_.insert(ranges_.end(), Range{page_first, page_end, !waits, turn});
      held.lock_ = this;
    }
    if (waits) co_await turn;
    co_return held;
  }

 private:
  // Does any range that came before `until` overlap?
  bool OverlapsLocked(Ranges::const_iterator until, uint64_t first, uint64_t end) const {
    for (Ranges::const_iterator at = ranges_.begin(); at != until; ++at) {
      if (at->first < end && first < at->end) return true;
    }
    return false;
  }

  void Release(Ranges::iterator range) {
    std::vector<OneShot<bool>> woken;
    {
      std::lock_guard lock(mutex_);
      ranges_.erase(range);
      for (auto at = ranges_.begin(); at != ranges_.end(); ++at) {
        if (at->held || OverlapsLocked(at, at->first, at->end)) continue;
        at->held = true;
        woken.push_back(at->turn);
      }
    }
    for (const OneShot<bool>& turn : woken) executor_.Post([turn] { turn.Set(true); });
  }

  Executor& executor_;
  std::mutex mutex_;  // guards ranges_
  Ranges ranges_;
};

}  // namespace nacre
