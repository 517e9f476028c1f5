// After a crash at any point the store holds exactly the requests up to some transno, each whole, and nothing that was
// told to be stable is missing.
#include "tests/unit/oss/crash_run.h"

namespace nacre {
namespace {

TEST(ObjectServerCrash, LeavesTheRequestsUpToSomeTransnoEachWhole) {
  bool lost_some = false;
  for (int run = 0; run < 20; ++run) {
    const uint64_t seed = SystemRandom().Next64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    CrashRun<OssWorld> crash(seed);
    crash.Go(25);
    lost_some |= crash.lost();
    if (HasFailure()) return;
  }
  EXPECT_TRUE(lost_some) << "no crash lost anything: the test tests nothing";
}

}  // namespace
}  // namespace nacre
