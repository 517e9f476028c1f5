// Sessions that the cluster has ended without their clients: what they wrote becomes stable, and nothing more of them is
// taken, by this life of the server or a later one (DESIGN §5, "Eviction").
#include "tests/unit/oss/oss_world.h"

namespace nacre {
namespace {

constexpr uint64_t kGone = 60, kHere = kTestSession;

class Fences : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(world.Connect(kGone).ok()); }

  v1::WriteHeader WriteOf(uint64_t session, uint64_t page, const std::string& bytes) {
    v1::WriteHeader header = world.WriteOf(object, page, bytes);
    header.mutable_header()->set_session(session);
    header.mutable_header()->set_slot(static_cast<uint32_t>(++slot_));
    return header;
  }
  Result<v1::WriteReply> Write(uint64_t session, uint64_t page, const std::string& bytes) {
    return world.Run(world.server->Write(WriteOf(session, page, bytes), RunOf(bytes)));
  }
  Status Fence(std::vector<uint64_t> evicted, uint64_t oldest = 0) {
    const SessionFences told{.evicted = std::move(evicted), .oldest = oldest};
    return world.Run(world.server->Fence(told));
  }
  bool HasRecords(uint64_t session) {
    const auto at = world.kv->Seek(kReplyFamily, ReplyKey(session, 0));
    return at->Valid() && at->key().starts_with(ReplyKey(session, 0).substr(0, 8));
  }
  std::string Page(uint64_t page) {
    const Result<ObjectPages> pages = world.Read(object, page, 1);
    return pages.ok() ? BytesOf(pages->run) : pages.status().ToString();
  }

  NothingSurvives nothing_survives;
  OssWorld world;
  const ObjectId object = TestObject(1);
  int slot_ = 0;
};

TEST_F(Fences, NothingMoreIsTakenOfAnEvictedClientNowOrLater) {
  ASSERT_TRUE(Write(kGone, 0, PageOf(1)).ok());
  ASSERT_TRUE(Fence({kGone}).ok());
  for (int life = 0; life < 3; ++life) {
    EXPECT_EQ(Write(kGone, 0, PageOf(2)).code(), Code::kNotConnected);
    EXPECT_EQ(world.Connect(kGone).code(), Code::kFenced);
    EXPECT_EQ(Write(kGone, 0, PageOf(2)).code(), Code::kNotConnected);
    EXPECT_EQ(Page(0), PageOf(1));
    life == 0 ? world.Crash(nothing_survives) : world.Restart();
  }
  EXPECT_TRUE(Write(kHere, 0, PageOf(3)).ok()) << "the others go on";
}

TEST_F(Fences, WhatTheEvictedWroteIsStable) {
  ASSERT_TRUE(Write(kGone, 0, PageOf(1)).ok());
  ASSERT_TRUE(Fence({kGone}).ok());
  world.Crash(nothing_survives);
  EXPECT_EQ(world.Ping().clients_awaited(), 0u);
  EXPECT_EQ(Page(0), PageOf(1));
}

TEST_F(Fences, AWriteThatIsUnderWayIsDoneBeforeOrNotAtAll) {
  ASSERT_TRUE(Write(kHere, 0, PageOf(1)).ok());
  const auto late = world.Begin(world.server->Write(WriteOf(kGone, 0, PageOf(2)), RunOf(PageOf(2))));
  for (int step = 0; step < 3; ++step) world.queue.RunOne();
  const SessionFences told{.evicted = {kGone}};
  const auto fence = world.Begin(world.server->Fence(told));
  EXPECT_TRUE(world.Finish(fence).ok());
  const std::string seen = Page(0);
  const Result<v1::WriteReply> reply = world.Finish(late);
  EXPECT_EQ(reply.ok(), seen == PageOf(2)) << reply.status().ToString();
  EXPECT_EQ(Page(0), seen);
}

TEST_F(Fences, WhoWasEvictedWhileTheServerWasDownMayNotReplay) {
  ASSERT_TRUE(Write(kHere, 1, PageOf(9)).ok());
  const v1::WriteHeader header = WriteOf(kGone, 0, PageOf(1));
  const Result<v1::WriteReply> answered = world.Run(world.server->Write(header, RunOf(PageOf(1))));
  ASSERT_TRUE(answered.ok());
  world.told_at_start.evicted = {kGone};
  world.Crash(nothing_survives, false);
  EXPECT_EQ(world.Ping().clients_awaited(), 1u) << "the other";
  EXPECT_EQ(world.Connect(kGone).code(), Code::kFenced);
  v1::WriteHeader replay = header;
  replay.mutable_header()->set_replay(true);
  replay.mutable_header()->set_transno(answered->header().transno());
  EXPECT_EQ(world.Run(world.server->Write(replay, RunOf(PageOf(1)))).code(), Code::kNotConnected);
  // It is not told again, and the row is there.
  world.told_at_start = {};
  world.Crash(nothing_survives, false);
  EXPECT_EQ(world.Connect(kGone).code(), Code::kFenced);
}

TEST_F(Fences, NobodyIsWaitedForWhoIsEvicted) {
  ASSERT_TRUE(Write(kGone, 0, PageOf(1)).ok());
  world.Crash(nothing_survives, false);
  ASSERT_TRUE(world.Connect(kHere).ok());
  EXPECT_EQ(Write(kHere, 0, PageOf(2)).code(), Code::kUnavailable);
  ASSERT_TRUE(Fence({kGone}).ok());
  EXPECT_EQ(world.Ping().clients_awaited(), 0u);
  EXPECT_TRUE(Write(kHere, 0, PageOf(2)).ok());
}

TEST_F(Fences, AlsoOfOneOfAnEarlierLifeThatNobodyWaitsFor) {
  ASSERT_TRUE(Write(kGone, 0, PageOf(1)).ok());
  world.Restart();  // in order: all is stable
  EXPECT_TRUE(HasRecords(kGone));
  ASSERT_TRUE(Fence({kGone}).ok());
  EXPECT_FALSE(HasRecords(kGone));
}

TEST_F(Fences, EverySessionBelowTheOldestIsOver) {
  ASSERT_TRUE(Write(kGone, 0, PageOf(1)).ok());
  ASSERT_TRUE(Fence({}, kHere).ok());
  EXPECT_EQ(Write(kGone, 0, PageOf(2)).code(), Code::kNotConnected);
  EXPECT_EQ(world.Connect(kGone).code(), Code::kFenced);
  EXPECT_EQ(world.Connect(kGone - 50).code(), Code::kFenced);
  EXPECT_TRUE(Write(kHere, 1, PageOf(3)).ok());
  ASSERT_TRUE(Fence({}, kGone).ok());
  EXPECT_EQ(world.Connect(kGone).code(), Code::kFenced) << "it never sinks";
}

TEST_F(Fences, RowsOfTheEvictedGoWhenTheNumberAloneTells) {
  ASSERT_TRUE(Fence({kGone}).ok());
  EXPECT_TRUE(world.kv->Get(kFencedFamily, FencedKey(kGone))->has_value());
  ASSERT_TRUE(Fence({}, kHere).ok());
  ASSERT_TRUE(Write(kHere, 0, PageOf(1)).ok());
  ASSERT_TRUE(world.Commit().ok());
  EXPECT_FALSE(world.kv->Get(kFencedFamily, FencedKey(kGone))->has_value());
  EXPECT_EQ(world.Connect(kGone).code(), Code::kFenced);
}

}  // namespace
}  // namespace nacre
