// WriteFate: how the writes of one open file fared after they were answered. Any thread.
#pragma once

#include <mutex>

#include "common/base/status.h"

namespace nacre {

class WriteFate {
 public:
  void Lose(const Status& why) {
    std::lock_guard lock(mutex_);
    if (lost_.ok()) lost_ = why;
  }
  Status status() const {  // the first loss, or Ok
    std::lock_guard lock(mutex_);
    return lost_;
  }

 private:
  mutable std::mutex mutex_;  // guards lost_
  Status lost_;
};

}  // namespace nacre
