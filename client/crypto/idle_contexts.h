// IdleContexts: cipher contexts of one key that nobody uses just now. Making one means a key schedule; so it is paid once
// a file, and nothing is allocated per page. Any thread. Context is a unique_ptr.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace nacre {

template <typename Context>
class IdleContexts {
 public:
  // Null if there is none: make one.
  Context Take() {
    std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    Context context = std::move(idle_.back());
    idle_.pop_back();
    return context;
  }

  void Give(Context context) {
    std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleMax) idle_.push_back(std::move(context));
  }

 private:
  static constexpr size_t kIdleMax = 8;  // as many as threads that may work on one file at once; more are freed

  std::mutex mutex_;  // guards idle_
  std::vector<Context> idle_;
};

}  // namespace nacre
