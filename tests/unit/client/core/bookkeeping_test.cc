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

TEST(Uncommitted, ForgetsWhatTheServerCallsCommitted) {
  Uncommitted uncommitted;
  auto fate = std::make_shared<WriteFate>();
  uncommitted.Add(Answer(1, 1, 0), Uncommitted::Entry{nullptr, {}, fate});
  uncommitted.Add(Answer(1, 2, 1), Uncommitted::Entry{nullptr, {}, fate});
  EXPECT_FALSE(uncommitted.empty());
  uncommitted.StableUpTo(uncommitted.newest());
  EXPECT_TRUE(uncommitted.empty());
  EXPECT_TRUE(fate->status().ok());
}

TEST(Uncommitted, ANewBootCountLosesWhatWasNotCommittedAndTellsTheFile) {
  Uncommitted uncommitted;
  auto stable = std::make_shared<WriteFate>(), lost = std::make_shared<WriteFate>();
  uncommitted.Add(Answer(1, 1, 0), Uncommitted::Entry{nullptr, {}, stable});
  uncommitted.Add(Answer(1, 2, 0), Uncommitted::Entry{nullptr, {}, lost});
  v1::ReplyHeader restarted;
  restarted.set_boot_count(2);
  restarted.set_last_committed((uint64_t{1} << kTransnoCounterBits) + 1);
  uncommitted.Heard(restarted);
  EXPECT_TRUE(uncommitted.empty());
  EXPECT_TRUE(stable->status().ok());
  EXPECT_EQ(lost->status().code(), Code::kIo);
  EXPECT_EQ(uncommitted.TakeLoss().code(), Code::kIo);
  EXPECT_TRUE(uncommitted.TakeLoss().ok());
}

TEST(Uncommitted, AnAnswerOvertakenByARestartIsLostToo) {
  Uncommitted uncommitted;
  auto fate = std::make_shared<WriteFate>();
  uncommitted.Heard(Answer(2, 1, 0));
  uncommitted.Add(Answer(1, 5, 0), Uncommitted::Entry{nullptr, {}, fate});
  EXPECT_EQ(fate->status().code(), Code::kIo);
}

}  // namespace
}  // namespace nacre
