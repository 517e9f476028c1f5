// StrandTimer: calls back on a strand after a while, unless stopped by then. The timer service may hold a job long after
// its server is gone: the job then finds the stop mark, and the strand, which it keeps alive, instead of freed memory.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "common/base/executor.h"

namespace nacre {

class StrandTimer {
 public:
  // where outlives the timers.
  StrandTimer(Timers& timers, Executor& where, std::shared_ptr<Strand> strand)
      : timers_(timers), where_(where), strand_(std::move(strand)), stopped_(std::make_shared<bool>(false)) {}

  void After(Duration delay, std::function<void()> call) {
    timers_.PostAfter(delay, where_, [strand = strand_, stopped = stopped_, call = std::move(call)] {
      strand->Post([stopped, call] {
        if (!*stopped) call();
      });
    });
  }
  void Stop() { *stopped_ = true; }  // on the strand

 private:
  Timers& timers_;
  Executor& where_;
  std::shared_ptr<Strand> strand_;
  std::shared_ptr<bool> stopped_;  // the strand's
};

}  // namespace nacre
