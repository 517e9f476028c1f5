// SharedFailure: many wait for one to connect; if it fails, they fail with it, instead of trying one after another, each for
// as long as it takes. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "common/base/status.h"

namespace nacre {

class SharedFailure {
 public:
  // To be taken before waiting for the turn.
  uint64_t Ticket() const {
    std::lock_guard lock(mutex_);
    return tries_;
  }
  // The failure of a try that ended since then.
  std::optional<Status> Since(uint64_t ticket) const {
    std::lock_guard lock(mutex_);
    if (tries_ == ticket || last_.ok()) return std::nullopt;
    return last_;
  }
  void Ended(const Status& status) {
    std::lock_guard lock(mutex_);
    ++tries_;
    last_ = status;
  }

 private:
  mutable std::mutex mutex_;  // guards all below
  uint64_t tries_ = 0;
  Status last_;
};

}  // namespace nacre
