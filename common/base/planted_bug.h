// PlantedBug: faults that the simulator's own test puts into the real code, one at a time, to see that the simulator finds
// them: a check that cannot fail proves nothing. What is shipped has none of them: there Planted() is false at compile time.
// tests/sim/CMakeLists.txt names the sources that are compiled a second time, with NACRE_PLANTED_BUGS, for that test alone.
#pragma once

namespace nacre {

enum class PlantedBug {
  kNone,
  kReplayOfAnotherRun,      // a replayed write carries other memory than was first sent
  kReplayOutOfOrder,        // the newest change is replayed first
  kFsyncBeforeSync,         // an OST answers a commit before it has committed
  kMdsCommitBeforeSync,     // the MDS does
  kNoReplyRecord,           // an OST writes no reply record
  kNoMdsReplyRecord,        // the MDS writes none
  kRefusalForgotten,        // a request that was refused is done when a copy of it arrives later
  kNoCommitOnShare,         // an OST shows what is not stable to others
  kNoMdsCommitOnShare,      // the MDS does
  kSizeDiffIgnored,         // an object's size is whole pages
  kContextLater,            // an inode gets its context in a change of its own
  kOldEpochTaken,           // writes from before a truncate are taken
  kDestroyTooEarly,         // objects are destroyed before the unlink is stable
  kChecksumUnchecked,       // an OST reads whatever is on the disk
  kNewWorkInRecovery,       // an OST takes new work before the replays
  kFailedSyncIgnored,       // an OST goes on after a failed sync
  kConditionIgnored,        // edge pages are written without looking at what is there
  kTransnosBeginAnew,       // a restarted OST counts its changes from the beginning again
  kTooMuchCalledStable,     // an OST calls stable what it has only answered
  kFencesIgnored,           // an OST goes on taking writes of evicted clients
  kResendDoneAgain,         // an OST does a write again whose answer was lost
  kMdsResendDoneAgain,      // the MDS does so with a change
  kCycleUnchecked,          // a directory may move below itself
  kFreedTooEarly,           // the place of a committed page is used again before its successor is committed
};

#ifdef NACRE_PLANTED_BUGS
bool Planted(PlantedBug bug);
#else
constexpr bool Planted(PlantedBug) { return false; }
#endif

}  // namespace nacre
