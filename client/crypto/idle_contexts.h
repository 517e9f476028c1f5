// IdleContexts: cipher contexts of one key that nobody uses just now. Making one means a key schedule; so it is paid once
// a file, and nothing is allocated per page. Any thread. Context is a unique_ptr.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <utility>

namespace nacre {

template <typename Context>
class IdleContexts {
 public:
  // Null if there is none: make one.
  Context Take() {
    std::lock_guard lock(mutex_);
    if (count_ == 0) return nullptr;
    return std::move(idle_[--count_]);
  }

  void Give(Context context) {
    std::lock_guard lock(mutex_);
    if (count_ < idle_.size()) idle_[count_++] = std::move(context);
  }

 private:
  std::mutex mutex_;             // guards all below
  std::array<Context, 8> idle_;  // as many as threads that may work on one file at once; more are freed
  size_t count_ = 0;
};

}  // namespace nacre
