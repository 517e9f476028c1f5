// A server that has restarted waits for its clients, and they find what they had: their session, their open files, the
// answers that got lost (promises P5, P6). What a client that does not come back had open goes.
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

class Return : public MdsRig {
 protected:
  void EndRecovery() {
    const auto ended = EndReplay(session);
    ASSERT_TRUE(ended->has_value());
    ASSERT_TRUE((*ended)->ok()) << (*ended)->status().ToString();
    for (uint32_t i = 0; i < kOsts; ++i) Announce(i);
  }
};

TEST_F(Return, ASessionGoesOnAndNothingElseBeginsBefore) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  CrashServerAwaited();
  EXPECT_EQ(Stat(dir).code(), Code::kNotConnected);
  const uint64_t mine = session;
  const auto stranger = Connect(0);
  ASSERT_TRUE(stranger.ok());
  EXPECT_TRUE(stranger->recovering());
  EXPECT_NE(stranger->session(), mine);
  session = stranger->session();
  EXPECT_EQ(Stat(dir).code(), Code::kUnavailable);
  EXPECT_EQ(Make(Root(), "new").code(), Code::kUnavailable);
  const auto waiting = EndReplay(session);
  EXPECT_FALSE(waiting->has_value());
  session = mine;
  ComeBack();
  EXPECT_EQ(Stat(dir).code(), Code::kUnavailable) << "it may have more to re-open";
  EndRecovery();
  ASSERT_TRUE(waiting->has_value());
  EXPECT_TRUE((*waiting)->ok());
  EXPECT_TRUE(Stat(dir).ok());
  EXPECT_TRUE(Make(In(dir), "new").ok()) << "by a FID of a range granted before";
}

TEST_F(Return, AnotherClientDoesNotGetTheSession) {
  CrashServerAwaited();
  v1::ConnectRequest thief;
  *thief.mutable_header() = Header(session);
  thief.mutable_header()->set_client_id("another-16-bytes");
  const auto connected = SyncWait(server->Connect(thief));
  ASSERT_TRUE(connected.ok());
  EXPECT_NE(connected->session(), session);
  ComeBack();
}

TEST_F(Return, TheWaitEndsInTime) {
  CrashServerAwaited();
  const uint64_t mine = session;
  session = NewSession();
  const auto waiting = EndReplay(session);
  Tick(MdsOptions().recovery_window - std::chrono::seconds(1));
  EXPECT_FALSE(waiting->has_value());
  Tick(std::chrono::seconds(1));
  ASSERT_TRUE(waiting->has_value());
  EXPECT_TRUE((*waiting)->ok());
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("1 clients did not come back"), std::string::npos) << notices[0];
  EXPECT_NE(Connect(mine)->session(), mine) << "it came too late";
}

TEST_F(Return, AClientThatEndsWithoutHavingComeBackIsNotAwaited) {
  CrashServerAwaited();
  v1::DisconnectRequest bye;
  *bye.mutable_header() = Header(session);
  ASSERT_TRUE(SyncWait(server->Disconnect(bye)).ok());
  const auto connected = Connect(0);
  ASSERT_TRUE(connected.ok());
  EXPECT_FALSE(connected->recovering());
  CrashServerAwaited();
  EXPECT_EQ(SyncWait(server->Disconnect(bye)).code(), Code::kNotConnected) << "its row is gone";
}

TEST_F(Return, AServerThatStopsMeanwhileWaitsAgainInItsNextLife) {
  const Opened orphan = Create(Root(), "orphan");
  ASSERT_TRUE(Unlink(Root(), "orphan").ok());
  CrashServerAwaited();
  const auto waiting = EndReplay(NewSession());
  EXPECT_FALSE(waiting->has_value());
  SyncWait(server->BeginStop());
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->code(), Code::kUnavailable);
  CrashServerAwaited();
  ComeBack();
  EXPECT_EQ(Reopen(orphan), Code::kOk);
}

TEST_F(Return, WhatIsReopenedStaysAndWhatIsNotGoes) {
  const Opened kept = Create(Root(), "kept"), gone = Create(Root(), "gone");
  ASSERT_TRUE(Unlink(Root(), "kept").ok());
  ASSERT_TRUE(Unlink(Root(), "gone").ok());
  CrashServerAwaited();
  ComeBack();
  EXPECT_EQ(Reopen(kept), Code::kOk);
  EndRecovery();
  LetDestroy();
  EXPECT_TRUE(OstOf(gone).tombstones.contains(ObjectOf(gone)));
  EXPECT_FALSE(OstOf(kept).tombstones.contains(ObjectOf(kept)));
  EXPECT_TRUE(Stat(kept.reply.inode().fid()).ok());
  EXPECT_EQ(Close(gone), Code::kStale);
  EXPECT_EQ(Close(kept, 0), Code::kOk);
  LetDestroy();
  EXPECT_TRUE(OstOf(kept).tombstones.contains(ObjectOf(kept)));
}

TEST_F(Return, NothingIsReopenedThatIsNotAwaited) {
  const Opened opened = Create(Root(), "file");
  const v1::Fid other = File(Root(), "other", 10);
  Opened forged = opened;
  *forged.reply.mutable_inode()->mutable_fid() = other;
  EXPECT_EQ(Reopen(opened), Code::kOk) << "it is open";
  EXPECT_EQ(Reopen(forged), Code::kStale) << "no way around the mode of a file";
  CrashServerAwaited();
  ComeBack();
  EndRecovery();
  EXPECT_EQ(Reopen(opened), Code::kStale) << "too late";
}

TEST_F(Return, ASizeIsNotMadeExactBehindAWriterThatComesBack) {
  const Opened opened = Create(Root(), "file");
  OstOf(opened).Write(ObjectOf(opened), 0, "page", 1000, clock.WallNs());
  CrashServerAwaited();
  ComeBack();
  ASSERT_EQ(Reopen(opened), Code::kOk);
  EndRecovery();
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 1000u);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->file_epoch(), opened.reply.inode().attr().file_epoch()) << "not fenced";
  OstOf(opened).Write(ObjectOf(opened), 0, "page", 2000, clock.WallNs());
  EXPECT_EQ(Close(opened, 2000), Code::kOk);
  LetDestroy();
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 2000u);
}

TEST_F(Return, AChangeSentAgainIsAnsweredAsBefore) {
  const v1::MakeRequest request = MakeOf(Root(), "dir");
  const auto first = SyncWait(server->Make(request));
  ASSERT_TRUE(first.ok());
  CrashServerAwaited();
  ComeBack();
  EXPECT_EQ(SyncWait(server->Make(request)).code(), Code::kUnavailable);
  EndRecovery();
  const auto second = SyncWait(server->Make(request));
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(second->header().transno(), first->header().transno());
  EXPECT_EQ(second->inode().SerializeAsString(), first->inode().SerializeAsString());
}

TEST_F(Return, AnOpenSentAgainIsOpen) {
  v1::OpenRequest request = OpenOf(Root(), "file", true, true);
  ASSERT_TRUE(SyncWait(server->Open(request)).ok());
  CrashServerAwaited();
  ComeBack();
  EndRecovery();  // the client had no answer, so it re-opened nothing
  const auto opened = Open(request);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(Close(*opened, 0), Code::kOk);
}

TEST_F(Return, ACloseSentAgainLeavesNothingOpen) {
  const Opened opened = Create(Root(), "file");
  const v1::CloseRequest request = CloseOf(opened, 0);
  ASSERT_TRUE(SyncWait(server->Close(request)).ok());
  CrashServerAwaited();
  ComeBack();
  ASSERT_EQ(Reopen(opened), Code::kOk) << "the client had no answer";
  EndRecovery();
  const auto again = SyncWait(server->Close(request));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->codes(0), 0u);
  ASSERT_TRUE(Unlink(Root(), "file").ok());
  LetDestroy();
  EXPECT_TRUE(OstOf(opened).tombstones.contains(ObjectOf(opened)));
}

TEST_F(Return, ATruncateThatTheNextLifeFinishedIsAnsweredAndNotDoneAgain) {
  const Opened opened = Create(Root(), "file");
  OstOf(opened).Write(ObjectOf(opened), 1, "page", 6000, clock.WallNs());
  ASSERT_EQ(Close(opened, 6000), Code::kOk);
  OstOf(opened).down = true;
  v1::TruncateRequest request = TruncateOf(opened.reply.inode().fid(), 5000);
  request.set_tail_page(std::string(kPageBytes, 't'));
  request.set_tail_digest(FakeOss::Digest("page"));
  auto unanswered = Begin(server->Truncate(request));
  CrashServerAwaited();
  OstOf(opened).down = false;
  OstOf(opened).set_sizes = 0;
  ComeBack();
  EXPECT_EQ(OstOf(opened).set_sizes, 0) << "not before the clients are there";
  EndRecovery();
  EXPECT_EQ(OstOf(opened).set_sizes, 1);
  // Somebody appends, and only then the first client asks again.
  OstOf(opened).Write(ObjectOf(opened), 2, "more", 9000, clock.WallNs());
  const auto again = SyncWait(server->Truncate(request));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->inode().attr().size(), 5000u);
  EXPECT_EQ(OstOf(opened).set_sizes, 1);
}

}  // namespace
}  // namespace nacre
