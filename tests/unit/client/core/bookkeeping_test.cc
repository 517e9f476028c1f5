// The client core's pure pieces: paths, chunk plans, and what becomes of writes that were answered but not committed.
#include <gtest/gtest.h>

#include <memory>

#include "client/core/chunk_plan.h"
#include "client/core/path.h"
#include "client/core/replay_log.h"
#include "client/core/shared_failure.h"

namespace nacre {
namespace {

TEST(SplitPath, LeavesOutEmptyNamesAndDotsAndKeepsDotDot) {
  const Result<PathNames> split = SplitPath("//a/./b/../c/");
  ASSERT_TRUE(split.ok());
  EXPECT_EQ(split->names, (std::deque<std::string>{"a", "b", "..", "c"}));
  EXPECT_TRUE(split->absolute);
  EXPECT_TRUE(split->wants_directory);
}

TEST(SplitPath, RefusesTheEmptyPathAndNul) {
  EXPECT_EQ(SplitPath("").code(), Code::kNotFound);
  EXPECT_EQ(SplitPath(std::string_view("/a\0b", 4)).code(), Code::kInvalid);
}

TEST(LastName, IsEmptyForTheRootAndIgnoresSlashesAtTheEnd) {
  EXPECT_EQ(LastName("/"), "");
  EXPECT_EQ(LastName("/a/b//"), "b");
  EXPECT_EQ(LastName("c"), "c");
}

TEST(PlanChunks, CoversTheRangeInOrderInsideStripesAndRequests) {
  Component component;
  component.stripe_bytes = 64 * kKiB;
  component.osts = {4, 7, 9};
  for (uint64_t begin_page : {0, 1, 15, 16, 17, 255}) {
    for (uint64_t pages : {1, 2, 16, 17, 300}) {
      const uint64_t begin = begin_page * kPageBytes, end = begin + pages * kPageBytes;
      uint64_t at = begin;
      for (const StripePiece& piece : PlanChunks(component, begin, end - begin, 32 * kKiB)) {
        EXPECT_EQ(piece.file_offset, at);
        EXPECT_LE(piece.length, 32 * kKiB);
        const StripePiece last = LocateByte(component, piece.file_offset + piece.length - 1);
        EXPECT_EQ(last.stripe, piece.stripe);
        EXPECT_EQ(last.object_offset, piece.object_offset + piece.length - 1);
        at += piece.length;
      }
      EXPECT_EQ(at, end);
    }
  }
}

v1::ReplyHeader Answer(uint64_t boot_count, uint64_t counter, uint64_t committed_counter) {
  v1::ReplyHeader header;
  header.set_boot_count(boot_count);
  header.set_transno((boot_count << kTransnoCounterBits) + counter);
  if (committed_counter != 0) header.set_last_committed((boot_count << kTransnoCounterBits) + committed_counter);
  return header;
}

// What becomes of a change.
class Kept final : public ReplayLog::Entry {
 public:
  Result<v1::ReplyHeader> Replay() {
    ++replays;
    replayed_transno = transno();
    return answer;
  }
  void Stable() override { stable = true; }
  void Lost(const Status& why) override { lost = why; }

  Result<v1::ReplyHeader> answer = Status(Code::kUnavailable, "no answer is set");
  int replays = 0;
  Transno replayed_transno = 0;
  bool stable = false;
  Status lost;
};

class ReplayLogTest : public testing::Test {
 protected:
  std::shared_ptr<Kept> Added(const v1::ReplyHeader& header) {
    const auto entry = std::make_shared<Kept>();
    EXPECT_TRUE(log.Add(entry, header));
    return entry;
  }
  // together: how many a request takes.
  Code ReplayAll(size_t together = 1) {
    auto some = [together](std::vector<ReplayLog::EntryPtr> next, uint64_t) -> Task<ReplayLog::Answers> {
      ReplayLog::Answers answers;
      for (size_t i = 0; i < std::min(together, next.size()); ++i) {
        answers.push_back(std::static_pointer_cast<Kept>(next[i])->Replay());
        if (!answers.back().ok()) break;
      }
      co_return answers;
    };
    return SyncWait(log.ReplayAll("OST0001", some)).code();
  }
  static v1::ReplyHeader StableAnswer(uint64_t boot_count, uint64_t counter) {
    v1::ReplyHeader header = Answer(boot_count, counter, counter);
    header.set_stable(true);
    return header;
  }
  ReplayLog log;
};

TEST_F(ReplayLogTest, ForgetsWhatTheServerCallsCommitted) {
  log.EnterLife(1);
  const auto first = Added(Answer(1, 1, 0)), second = Added(Answer(1, 2, 1));
  EXPECT_TRUE(first->stable);
  EXPECT_FALSE(second->stable);
  EXPECT_EQ(log.size(), 1u);
  log.StableUpTo(log.newest());
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(second->stable);
  EXPECT_TRUE(Added(StableAnswer(1, 3))->stable);
  EXPECT_TRUE(log.empty());
}

TEST_F(ReplayLogTest, KeepsTheOrderOfTheFirstAnswersOverSeveralRestarts) {
  log.EnterLife(1);
  const auto first = Added(Answer(1, 1, 0)), second = Added(Answer(1, 2, 0)), third = Added(Answer(1, 3, 0));
  EXPECT_EQ(ReplayAll(), Code::kOk);
  EXPECT_EQ(first->replays, 0);
  log.EnterLife(2);
  first->answer = Answer(2, 1, 0);
  EXPECT_EQ(ReplayAll(), Code::kUnavailable) << "the server dies in the middle";
  EXPECT_EQ(first->replays, 1);
  EXPECT_EQ(second->replays, 1);
  EXPECT_EQ(third->replays, 0);
  log.EnterLife(3);
  first->answer = Answer(3, 1, 0);
  second->answer = Answer(3, 2, 0);
  third->answer = Answer(3, 3, 0);
  EXPECT_EQ(ReplayAll(), Code::kOk);
  EXPECT_EQ(first->replayed_transno, (uint64_t{2} << kTransnoCounterBits) + 1);
  EXPECT_EQ(third->replayed_transno, (uint64_t{1} << kTransnoCounterBits) + 3);
  EXPECT_EQ(log.size(), 3u);
  EXPECT_TRUE(log.Heard(Answer(3, 3, 3)));
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(first->stable && second->stable && third->stable);
}

TEST_F(ReplayLogTest, ManyAtOnceAreThroughAsFarAsTheyWereAnswered) {
  log.EnterLife(1);
  std::vector<std::shared_ptr<Kept>> kept;
  for (uint64_t i = 1; i <= 300; ++i) kept.push_back(Added(Answer(1, i, 0)));
  log.EnterLife(2);
  for (uint64_t i = 1; i <= 300; ++i) kept[i - 1]->answer = Answer(2, i, 0);
  kept[9]->answer = Status(Code::kStale, "too late");
  kept[199]->answer = Status(Code::kUnavailable, "the server dies in the middle");
  EXPECT_EQ(ReplayAll(64), Code::kUnavailable);
  EXPECT_EQ(kept[9]->lost.code(), Code::kIo);
  kept[199]->answer = Answer(2, 200, 0);
  EXPECT_EQ(ReplayAll(64), Code::kOk);
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i]->replays, i == 199 ? 2 : 1) << i;
  EXPECT_EQ(log.size(), 299u);
}

TEST_F(ReplayLogTest, TakesAWordOnWhatIsCommittedOnlyForTheLifeItIsOf) {
  log.EnterLife(1);
  const auto entry = Added(Answer(1, 5, 0));
  log.EnterLife(2);
  EXPECT_TRUE(log.Heard(Answer(1, 9, 9))) << "late word of the old life";
  EXPECT_TRUE(log.Heard(Answer(2, 9, 9)));
  EXPECT_FALSE(entry->stable) << "a number above its own, but of a life that may not know it";
  EXPECT_FALSE(log.Heard(Answer(3, 1, 0))) << "it has restarted again";
}

TEST_F(ReplayLogTest, AReplayThatTheServerHadCommittedIsThrough) {
  log.EnterLife(1);
  const auto entry = Added(Answer(1, 1, 0));
  log.EnterLife(2);
  v1::ReplyHeader known = StableAnswer(1, 1);
  known.set_boot_count(2);
  entry->answer = known;
  EXPECT_EQ(ReplayAll(), Code::kOk);
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(entry->stable);
  EXPECT_TRUE(entry->lost.ok());
}

TEST_F(ReplayLogTest, WhatIsRefusedIsLostAndSaidOnceToTheClientAndTheRestGoesOn) {
  log.EnterLife(1);
  const auto lost = Added(Answer(1, 1, 0)), kept = Added(Answer(1, 2, 0));
  log.EnterLife(2);
  lost->answer = Status(Code::kStale, "too late");
  kept->answer = Answer(2, 1, 0);
  EXPECT_EQ(ReplayAll(), Code::kOk);
  EXPECT_EQ(lost->lost.code(), Code::kIo);
  EXPECT_NE(lost->lost.message().find("OST0001"), std::string::npos);
  EXPECT_TRUE(kept->lost.ok());
  EXPECT_EQ(log.TakeLoss().code(), Code::kIo);
  EXPECT_TRUE(log.TakeLoss().ok());
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(ReplayLogTest, WhatThisLifeHasIsNotLostWithWhatOlderOnesHad) {
  log.EnterLife(1);
  const auto replayed = Added(Answer(1, 1, 0)), older = Added(Answer(1, 2, 0));
  log.EnterLife(2);
  replayed->answer = Answer(2, 1, 0);
  EXPECT_EQ(ReplayAll(), Code::kUnavailable);
  log.LoseOlderThan(2, Status(Code::kIo, "gone"));
  EXPECT_TRUE(replayed->lost.ok());
  EXPECT_EQ(older->lost.code(), Code::kIo);
  EXPECT_EQ(ReplayAll(), Code::kOk) << "nothing is left that nobody will take";
  EXPECT_EQ(log.size(), 1u);
  EXPECT_EQ(log.TakeLoss().code(), Code::kIo);
}

TEST(SharedFailure, IsOfTriesThatEndedWhileOneWaited) {
  SharedFailure failure;
  const uint64_t before = failure.Ticket();
  EXPECT_FALSE(failure.Since(before).has_value());
  failure.Ended(Status(Code::kUnavailable, "gone"));
  ASSERT_TRUE(failure.Since(before).has_value());
  EXPECT_EQ(failure.Since(before)->code(), Code::kUnavailable);
  EXPECT_FALSE(failure.Since(failure.Ticket()).has_value()) << "who comes now tries himself";
  failure.Ended(Status::Ok());
  EXPECT_FALSE(failure.Since(before).has_value());
}

TEST_F(ReplayLogTest, AnAnswerOvertakenByARestartCountsForNothing) {
  log.EnterLife(2);
  const auto entry = std::make_shared<Kept>();
  EXPECT_FALSE(log.Add(entry, Answer(1, 5, 0)));
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(log.Add(entry, StableAnswer(1, 5))) << "stable is stable in every life";
  EXPECT_TRUE(entry->stable);
}

}  // namespace
}  // namespace nacre
