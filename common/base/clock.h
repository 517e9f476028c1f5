// Time is an argument: pure code takes a value, cores take a Clock, tests give in one they move by hand.
#pragma once

#include <chrono>
#include <cstdint>

namespace nacre {

using Duration = std::chrono::nanoseconds;

// A point on a clock that only goes forward and counts suspend (CLOCK_BOOTTIME). Means nothing to another machine.
struct MonotonicTime {
  int64_t ns = 0;
  friend auto operator<=>(MonotonicTime, MonotonicTime) = default;
  friend MonotonicTime operator+(MonotonicTime t, Duration d) { return {t.ns + d.count()}; }
  friend Duration operator-(MonotonicTime a, MonotonicTime b) { return Duration(a.ns - b.ns); }
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Now() = 0;
  virtual int64_t WallNs() = 0;  // since the epoch, for file times only: nothing is decided by it
};

class SystemClock final : public Clock {
 public:
  MonotonicTime Now() override;
  int64_t WallNs() override;
};

}  // namespace nacre
