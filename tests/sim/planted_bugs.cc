#include "tests/sim/planted_bugs.h"

namespace nacre {
namespace {

PlantedBug planted = PlantedBug::kNone;

}  // namespace

bool Planted(PlantedBug bug) { return bug == planted; }

namespace sim {

const std::vector<Planting>& PlantedBugs() {
  static const std::vector<Planting> bugs{
      {"replay of another run", PlantedBug::kReplayOfAnotherRun, "sent again with another run"},
      {"replay out of order", PlantedBug::kReplayOutOfOrder},
      {"transnos begin anew with each life", PlantedBug::kTransnosBeginAnew},
      {"what is answered is called stable", PlantedBug::kTooMuchCalledStable},
      {"fsync answered before the sync", PlantedBug::kFsyncBeforeSync},
      {"commit of the MDS answered before the sync", PlantedBug::kMdsCommitBeforeSync},
      {"no reply record", PlantedBug::kNoReplyRecord},
      {"no reply record at the MDS", PlantedBug::kNoMdsReplyRecord},
      {"a resend is done again", PlantedBug::kResendDoneAgain, "holds the effect of request"},
      {"a resend is done again by the MDS", PlantedBug::kMdsResendDoneAgain, "holds the effect of request"},
      {"refusal forgotten", PlantedBug::kRefusalForgotten},
      {"no commit on share", PlantedBug::kNoCommitOnShare},
      {"no commit on share at the MDS", PlantedBug::kNoMdsCommitOnShare},
      {"a directory may move below itself", PlantedBug::kCycleUnchecked},
      {"size_diff ignored", PlantedBug::kSizeDiffIgnored},
      {"context in a change of its own", PlantedBug::kContextLater, "is without its context"},
      {"writes of an old file epoch taken", PlantedBug::kOldEpochTaken},
      {"late write of an evicted client taken", PlantedBug::kFencesIgnored, "a write of an evicted client"},
      {"object destroyed too early", PlantedBug::kDestroyTooEarly},
      {"checksum unchecked", PlantedBug::kChecksumUnchecked},
      {"new work before the replays", PlantedBug::kNewWorkInRecovery},
      {"failed sync ignored", PlantedBug::kFailedSyncIgnored},
      {"condition ignored", PlantedBug::kConditionIgnored},
      {"place freed too early", PlantedBug::kFreedTooEarly},
      {"nothing encrypted, on the wire", PlantedBug::kNone, "carries clear pages", false},
      {"nothing encrypted, at the MDS", PlantedBug::kNone, "the MDS stores clear text", false},
      {"nothing encrypted, at the OSTs", PlantedBug::kNone, "OST 0 stores clear text", false},
  };
  return bugs;
}

void Plant(PlantedBug bug) { planted = bug; }

}  // namespace sim
}  // namespace nacre
