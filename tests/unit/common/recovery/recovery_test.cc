#include <gtest/gtest.h>

#include "common/base/task.h"
#include "common/recovery/authors.h"
#include "common/recovery/commit_queue.h"
#include "common/recovery/recovery_window.h"
#include "common/recovery/reply_record.h"
#include "common/recovery/session_table.h"
#include "common/recovery/transno.h"

namespace nacre {
namespace {

const std::string kAlice(16, 'a'), kBob(16, 'b');

TEST(Transno, GrowsAcrossRestarts) {
  TransnoSource first(1), second(2);
  const Transno one = first.Next(), two = first.Next();
  EXPECT_LT(one, two);
  EXPECT_LT(two, second.Next());
  EXPECT_EQ(BootCountOf(second.last()), 2u);
}

TEST(SessionTable, KnowsEachSessionsClientAndNobodyElse) {
  SessionTable table;
  EXPECT_TRUE(table.Open(5, kAlice, "here", {.ns = 1}).ok());
  EXPECT_TRUE(table.Admit(5, kAlice, {.ns = 2}).ok());
  EXPECT_EQ(table.Admit(5, kBob, {.ns = 2}).code(), Code::kInvalid);
  EXPECT_EQ(table.Admit(6, kAlice, {.ns = 2}).code(), Code::kNotConnected);
  EXPECT_EQ(table.Open(5, kBob, "thief", {.ns = 3}).code(), Code::kInvalid);
  EXPECT_EQ(table.Open(0, kAlice, "", {.ns = 1}).code(), Code::kInvalid);
  EXPECT_EQ(table.Open(7, "short", "", {.ns = 1}).code(), Code::kInvalid);
}

TEST(SessionTable, NamesTheSilent) {
  SessionTable table;
  EXPECT_TRUE(table.Open(1, kAlice, "", {.ns = 10}).ok());
  EXPECT_TRUE(table.Open(2, kBob, "", {.ns = 10}).ok());
  EXPECT_TRUE(table.Admit(2, kBob, {.ns = 50}).ok());
  EXPECT_EQ(table.SilentSince({.ns = 50}), std::vector<uint64_t>{1});
  EXPECT_TRUE(table.Close(1));
  EXPECT_FALSE(table.Close(1));
}

TEST(ReplyTable, AnswersAResendAndDropsStrays) {
  ReplyTable table;
  EXPECT_EQ(table.Judge(1, 0, 7), Seen::kNew);
  table.Record(1, 0, {.xid = 7, .transno = 3, .reply = "done"});
  EXPECT_EQ(table.Judge(1, 0, 7), Seen::kAnswered);
  EXPECT_EQ(table.Judge(1, 0, 6), Seen::kPast);
  EXPECT_EQ(table.Judge(1, 0, 8), Seen::kNew);
  EXPECT_EQ(table.Judge(1, 1, 7), Seen::kNew);
  EXPECT_EQ(table.Judge(2, 0, 7), Seen::kNew);
  EXPECT_EQ(table.Drop(1), std::vector<std::string>{ReplyKey(1, 0)});
  EXPECT_EQ(table.Judge(1, 0, 7), Seen::kNew);
}

TEST(ReplyTable, RemembersWhatItRefusedUntilItsSlotGoesOn) {
  ReplyTable table;
  const Status taken(Code::kExists, "the name is taken");
  table.Refuse(1, 0, 7, taken);
  EXPECT_EQ(table.Judge(1, 0, 7), Seen::kRefused);
  EXPECT_EQ(table.RefusalOf(1, 0).code(), Code::kExists);
  EXPECT_EQ(table.Judge(1, 0, 6), Seen::kPast);
  EXPECT_EQ(table.Judge(1, 0, 8), Seen::kNew);
  table.Record(1, 0, {.xid = 8, .transno = 3, .reply = "done"});
  EXPECT_EQ(table.Judge(1, 0, 8), Seen::kAnswered);
  EXPECT_EQ(table.Judge(1, 0, 7), Seen::kPast);
  table.Refuse(1, 0, 8, taken);
  EXPECT_EQ(table.Judge(1, 0, 8), Seen::kAnswered) << "what was done was not refused";
  table.Refuse(1, 1, 9, Status(Code::kUnavailable, "an OST does not answer"));
  table.Refuse(1, 2, 9, Status(Code::kNotConnected, "connect first"));
  EXPECT_EQ(table.Judge(1, 1, 9), Seen::kNew) << "the client sends the same request again";
  EXPECT_EQ(table.Judge(1, 2, 9), Seen::kNew);
  table.Refuse(1, 1, 9, taken);
  (void)table.Drop(1);
  EXPECT_EQ(table.Judge(1, 1, 9), Seen::kNew);
}

TEST(ReplyTable, JudgesReplaysByWhatTheirSlotHasDoneOrRefused) {
  using SeenReplay = ReplyTable::SeenReplay;
  ReplyTable table;
  table.Record(7, 0, {.xid = 10, .transno = 1, .reply = ""});
  EXPECT_EQ(table.JudgeReplay(7, 0, 9), SeenReplay::kDone) << "it became stable before its follower";
  EXPECT_EQ(table.JudgeReplay(7, 0, 10), SeenReplay::kDone);
  EXPECT_EQ(table.JudgeReplay(7, 0, 11), SeenReplay::kNew);
  table.Refuse(7, 0, 12, Status(Code::kStale, "it is gone"));
  EXPECT_EQ(table.JudgeReplay(7, 0, 10), SeenReplay::kDone);
  EXPECT_EQ(table.JudgeReplay(7, 0, 11), SeenReplay::kRefused) << "its slot has gone on without it";
  EXPECT_EQ(table.JudgeReplay(7, 0, 12), SeenReplay::kRefused);
  EXPECT_EQ(table.JudgeReplay(7, 0, 13), SeenReplay::kNew);
  EXPECT_EQ(table.JudgeReplay(7, 1, 11), SeenReplay::kNew) << "another slot";
}

TEST(ReplyRecord, SurvivesItsStoredForm) {
  const auto back = DecodeReplyRecord(EncodeReplyRecord({.xid = 7, .transno = 1ull << 41, .reply = std::string("\0x", 2)}));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->xid, 7u);
  EXPECT_EQ(back->transno, 1ull << 41);
  EXPECT_EQ(back->reply, std::string("\0x", 2));
  EXPECT_FALSE(DecodeReplyRecord("short").has_value());
}

TEST(Authors, KnowsWhoMadeWhatIsNotStable) {
  Authors authors;
  EXPECT_TRUE(authors.AllBy(7));
  for (Transno transno : {11, 12, 13}) authors.Add(transno, 7);
  EXPECT_TRUE(authors.AllBy(7));
  EXPECT_FALSE(authors.AllBy(8));
  authors.Add(14, 8);
  authors.Add(15, 7);
  EXPECT_FALSE(authors.AllBy(7));
  EXPECT_EQ(authors.Of(11), 7u);
  EXPECT_EQ(authors.Of(13), 7u);
  EXPECT_EQ(authors.Of(14), 8u);
  EXPECT_EQ(authors.Of(15), 7u);
  authors.Forget(12);
  EXPECT_EQ(authors.Of(13), 7u) << "its run ends behind what is stable";
  authors.Forget(14);
  EXPECT_TRUE(authors.AllBy(7));
  authors.Forget(15);
  EXPECT_TRUE(authors.AllBy(8)) << "nothing is unstable";
}

TEST(RecoveryWindow, IsOpenUntilAllWhoAreAwaitedAreThrough) {
  Strand strand;
  RecoveryWindow window(strand);
  EXPECT_FALSE(window.open());
  bool woken = false;
  auto wait = [](RecoveryWindow& on, bool* out) -> Task<void> {
    co_await on.Closed();
    *out = true;
  };
  window.Open({{5, kAlice}, {6, kBob}}, {.ns = 100}, std::chrono::seconds(30));
  Detach(wait(window, &woken));
  EXPECT_TRUE(window.Awaits(5, kAlice));
  EXPECT_FALSE(window.Awaits(5, kBob)) << "another's session";
  EXPECT_FALSE(window.Awaits(7, kAlice));
  window.Done(5);
  window.Done(5);
  window.Done(7);
  EXPECT_TRUE(window.open());
  EXPECT_FALSE(window.Awaits(5, kAlice)) << "it is through: nothing of it comes any more";
  EXPECT_FALSE(woken);
  window.Done(6);
  EXPECT_FALSE(window.open());
  EXPECT_TRUE(woken);
}

TEST(RecoveryWindow, APauseOfTheMachineCountsForLittle) {
  Strand strand;
  RecoveryWindow window(strand);
  MonotonicTime now{.ns = 100};
  window.Open({{5, kAlice}}, now, std::chrono::seconds(30));
  const auto look_after = [&](Duration passed) {
    now = now + passed;
    return window.IsOverAt(now);
  };
  for (int i = 0; i < 25; ++i) ASSERT_FALSE(look_after(std::chrono::seconds(1)));
  EXPECT_FALSE(look_after(std::chrono::hours(1)));
  EXPECT_EQ(window.left(), std::chrono::seconds(2));
  EXPECT_FALSE(look_after(std::chrono::seconds(1)));
  EXPECT_TRUE(look_after(std::chrono::seconds(1)));
}

TEST(RecoveryWindow, NamesThoseWhoMissedIt) {
  Strand strand;
  RecoveryWindow window(strand);
  window.Open({{5, kAlice}, {6, kBob}}, {.ns = 100}, std::chrono::seconds(30));
  window.Done(5);
  EXPECT_EQ(window.Close(), std::vector<uint64_t>{6});
  EXPECT_FALSE(window.open());
  EXPECT_FALSE(window.Awaits(6, kBob));
}

TEST(CommitQueue, WakesExactlyThoseWhoseChangeIsStable) {
  Strand strand;
  CommitQueue queue(strand);
  std::vector<int> woken;
  auto wait = [](CommitQueue& on, Transno transno, std::vector<int>& out, int who) -> Task<void> {
    co_await on.Stable(transno);
    out.push_back(who);
  };
  Detach(wait(queue, 5, woken, 5));
  Detach(wait(queue, 3, woken, 3));
  Detach(wait(queue, 9, woken, 9));
  queue.Advance(5);
  EXPECT_EQ(woken, (std::vector<int>{3, 5}));
  Detach(wait(queue, 4, woken, 4));
  EXPECT_EQ(woken.back(), 4);
  queue.Advance(2);
  EXPECT_EQ(queue.stable(), 5u);
  queue.Advance(9);
  EXPECT_EQ(woken.back(), 9);
}

}  // namespace
}  // namespace nacre
