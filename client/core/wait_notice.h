// WaitNotice: tells who waits for a server that does not answer, or that has restarted and waits for others, which server it
// is and why; from some seconds on, and not too often. Any thread.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "client/core/environment.h"
#include "common/base/status.h"

namespace nacre {

class WaitNotice {
 public:
  explicit WaitNotice(const Environment& environment) : environment_(environment) {}

  // One more try was in vain.
  void Waiting(const std::string& server, const Status& why) {
    if (!environment_.notice) return;
    const MonotonicTime now = environment_.clock->Now();
    {
      std::lock_guard lock(mutex_);
      if (!since_) since_ = now;
      waiting_ = true;
      if (now - *since_ < kPatience || (said_ && now - *said_ < kPause)) return;
      said_ = now;
    }
    environment_.notice("waiting for " + server + ": " + why.message());
  }
  // Every answer asks this first: it costs no name and no lock.
  bool waiting() const { return waiting_; }
  void Answered(const std::string& server) {
    {
      std::lock_guard lock(mutex_);
      waiting_ = false;
      since_.reset();
      if (!std::exchange(said_, std::nullopt)) return;
    }
    environment_.notice(server + " answers again");
  }

 private:
  static constexpr Duration kPatience = std::chrono::seconds(2), kPause = std::chrono::seconds(10);

  const Environment& environment_;
  std::atomic<bool> waiting_{false};
  std::mutex mutex_;  // guards all below
  std::optional<MonotonicTime> since_;  // the first try in vain, since the last answer
  std::optional<MonotonicTime> said_;
};

}  // namespace nacre
