// The client core's pure pieces: paths, chunk plans, and what becomes of writes that were answered but not committed.
#include <gtest/gtest.h>

#include <memory>

#include "client/core/chunk_plan.h"
#include "client/core/path.h"
#include "client/core/uncommitted.h"

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

class UncommittedTest : public testing::Test {
 protected:
  Uncommitted::EntryPtr Added(const v1::ReplyHeader& header) {
    const auto entry = std::make_shared<Uncommitted::Entry>();
    entry->fate = std::make_shared<WriteFate>();
    EXPECT_TRUE(uncommitted.Add(entry, header));
    return entry;
  }
  Uncommitted uncommitted;
};

TEST_F(UncommittedTest, ForgetsWhatTheServerCallsCommitted) {
  uncommitted.EnterLife(1);
  const auto first = Added(Answer(1, 1, 0));
  Added(Answer(1, 2, 1));
  EXPECT_FALSE(uncommitted.empty());
  uncommitted.StableUpTo(uncommitted.newest());
  EXPECT_TRUE(uncommitted.empty());
  EXPECT_TRUE(first->fate->status().ok());
  v1::ReplyHeader stable = Answer(1, 3, 3);
  stable.set_stable(true);
  Added(stable);
  EXPECT_TRUE(uncommitted.empty());
}

TEST_F(UncommittedTest, KeepsTheOrderOfTheFirstAnswersOverSeveralRestarts) {
  uncommitted.EnterLife(1);
  const auto first = Added(Answer(1, 1, 0)), second = Added(Answer(1, 2, 0)), third = Added(Answer(1, 3, 0));
  EXPECT_EQ(uncommitted.NextToReplay(), nullptr);
  uncommitted.EnterLife(2);
  ASSERT_EQ(uncommitted.NextToReplay(), first);
  uncommitted.Replayed(first, Answer(2, 1, 0));
  ASSERT_EQ(uncommitted.NextToReplay(), second);
  uncommitted.EnterLife(3);  // in the middle
  for (const auto& entry : {first, second, third}) {
    ASSERT_EQ(uncommitted.NextToReplay(), entry);
    uncommitted.Replayed(entry, Answer(3, entry->first_transno & 0xff, 0));
  }
  EXPECT_EQ(uncommitted.NextToReplay(), nullptr);
  EXPECT_FALSE(uncommitted.empty());
  EXPECT_TRUE(uncommitted.Heard(Answer(3, 3, 3)));
  EXPECT_TRUE(uncommitted.empty());
}

TEST_F(UncommittedTest, TakesAWordOnWhatIsCommittedOnlyForTheLifeItIsOf) {
  uncommitted.EnterLife(1);
  const auto entry = Added(Answer(1, 5, 0));
  uncommitted.EnterLife(2);
  EXPECT_TRUE(uncommitted.Heard(Answer(1, 9, 9))) << "late word of the old life";
  EXPECT_TRUE(uncommitted.Heard(Answer(2, 9, 9)));
  EXPECT_EQ(uncommitted.NextToReplay(), entry) << "a number above its own, but of a life that may not know it";
  EXPECT_FALSE(uncommitted.Heard(Answer(3, 1, 0))) << "it has restarted again";
}

TEST_F(UncommittedTest, AReplayThatTheServerHadCommittedIsThrough) {
  uncommitted.EnterLife(1);
  const auto entry = Added(Answer(1, 1, 0));
  uncommitted.EnterLife(2);
  v1::ReplyHeader stable;
  stable.set_boot_count(2);
  stable.set_transno((uint64_t{1} << kTransnoCounterBits) + 1);
  stable.set_stable(true);
  uncommitted.Replayed(entry, stable);
  EXPECT_TRUE(uncommitted.empty());
  EXPECT_TRUE(entry->fate->status().ok());
}

TEST_F(UncommittedTest, WhatIsLostIsToldToItsFileAndOnceToTheClient) {
  uncommitted.EnterLife(1);
  const auto kept = Added(Answer(1, 1, 0)), lost = Added(Answer(1, 2, 0));
  uncommitted.Lose(lost, Status(Code::kIo, "gone"));
  EXPECT_TRUE(kept->fate->status().ok());
  EXPECT_EQ(lost->fate->status().code(), Code::kIo);
  EXPECT_EQ(uncommitted.TakeLoss().code(), Code::kIo);
  EXPECT_TRUE(uncommitted.TakeLoss().ok());
  EXPECT_FALSE(uncommitted.empty());
}

TEST_F(UncommittedTest, AnAnswerOvertakenByARestartCountsForNothing) {
  uncommitted.EnterLife(2);
  const auto entry = std::make_shared<Uncommitted::Entry>();
  EXPECT_FALSE(uncommitted.Add(entry, Answer(1, 5, 0)));
  EXPECT_TRUE(uncommitted.empty());
  v1::ReplyHeader stable = Answer(1, 5, 5);
  stable.set_stable(true);
  EXPECT_TRUE(uncommitted.Add(entry, stable)) << "stable is stable in every life";
}

}  // namespace
}  // namespace nacre
