#include "common/base/clock.h"

#include <ctime>

namespace nacre {
namespace {
int64_t ReadNs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
}  // namespace

MonotonicTime SystemClock::Now() { return {ReadNs(CLOCK_BOOTTIME)}; }
int64_t SystemClock::WallNs() { return ReadNs(CLOCK_REALTIME); }

}  // namespace nacre
