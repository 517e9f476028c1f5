// A server that has restarted waits for its clients, and they find what they had: their session, their open files, the
// answers that got lost (promises P5, P6). What a client that does not come back had open goes.
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

class Return : public MdsRig {
 protected:
  // All that was answered is stable, and then the power goes.
  void Crash() {
    Commit();
    CrashServerAwaited();
  }
  void EndRecovery() {
    const auto ended = EndReplay(session);
    ASSERT_TRUE(ended->has_value());
    ASSERT_TRUE((*ended)->ok()) << (*ended)->status().ToString();
    for (uint32_t i = 0; i < kOsts; ++i) Announce(i);
  }
};

TEST_F(Return, ASessionGoesOnAndNothingElseBeginsBefore) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  Crash();
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

// Its answer was lost, and perhaps the server with it: else a session would be left that nobody comes back to.
TEST_F(Return, AConnectThatIsSentAgainIsAnsweredWhenTheSessionIsStable) {
  v1::ConnectRequest request;
  *request.mutable_header() = Header(0);
  request.mutable_header()->set_client_id("a-new-one-16-byt");
  io.hold = true;
  const auto first = Begin(server->Connect(request)), second = Begin(server->Connect(request));
  EXPECT_FALSE(first->has_value());
  EXPECT_FALSE(second->has_value()) << "a crash would give its number to somebody else";
  io.LetGo();
  ASSERT_TRUE(first->has_value() && second->has_value());
  EXPECT_EQ(first->value()->session(), second->value()->session());
  io.hold = false;
}

TEST_F(Return, AConnectThatIsSentAgainGetsTheSessionThatItHadBegun) {
  v1::ConnectRequest request;
  *request.mutable_header() = Header(0);
  request.mutable_header()->set_client_id("a-new-one-16-byt");
  const auto unheard = SyncWait(server->Connect(request));
  ASSERT_TRUE(unheard.ok());
  EXPECT_EQ(SyncWait(server->Connect(request))->session(), unheard->session());
  Crash();
  const auto again = SyncWait(server->Connect(request));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->session(), unheard->session());
  ComeBack();
  const uint64_t mine = session;
  v1::EndReplayRequest end;
  *end.mutable_header() = request.header();
  end.mutable_header()->set_session(again->session());
  const auto waiting = Begin(server->EndReplay(end));
  EXPECT_FALSE(waiting->has_value());
  session = mine;
  EndRecovery();
  EXPECT_TRUE(waiting->has_value()) << "nobody else is waited for";
}

// OSTs have heard that the older ones are over, and refuse them.
TEST_F(Return, AStoreThatWasPutBackDoesNotGiveSessionNumbersAgain) {
  auto copy = kv->CrashedCopy();
  uint64_t given = session;
  for (int i = 0; i < 100; ++i) given = std::max(given, NewSession());
  StopServer();
  kv = std::move(copy);
  StartServer();
  Pass(MdsOptions().recovery_window);
  EXPECT_GT(NewSession(), given);
}

TEST_F(Return, AnotherClientDoesNotGetTheSession) {
  Crash();
  v1::ConnectRequest thief;
  *thief.mutable_header() = Header(session);
  thief.mutable_header()->set_client_id("another-16-bytes");
  const auto connected = SyncWait(server->Connect(thief));
  ASSERT_TRUE(connected.ok());
  EXPECT_NE(connected->session(), session);
  ComeBack();
}

// After a pause of the server's machine, what its clients sent meanwhile is still to be read.
TEST_F(Return, TheWaitDoesNotEndWhileTheMachineIsStopped) {
  Crash();
  Pass(MdsOptions().recovery_window / 2);
  Tick(std::chrono::hours(1));
  ComeBack();
  EndRecovery();
  EXPECT_TRUE(notices.empty()) << notices[0];
}

TEST_F(Return, TheWaitEndsInTime) {
  Crash();
  const uint64_t mine = session;
  session = NewSession();
  const auto waiting = EndReplay(session);
  Pass(MdsOptions().recovery_window - std::chrono::seconds(1));
  EXPECT_FALSE(waiting->has_value());
  Tick(std::chrono::seconds(1));
  ASSERT_TRUE(waiting->has_value());
  EXPECT_TRUE((*waiting)->ok());
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("1 clients did not come back"), std::string::npos) << notices[0];
  EXPECT_NE(Connect(mine)->session(), mine) << "it came too late";
}

TEST_F(Return, AClientThatEndsWithoutHavingComeBackIsNotAwaited) {
  Crash();
  v1::DisconnectRequest bye;
  *bye.mutable_header() = Header(session);
  ASSERT_TRUE(SyncWait(server->Disconnect(bye)).ok());
  const auto connected = Connect(0);
  ASSERT_TRUE(connected.ok());
  EXPECT_FALSE(connected->recovering());
  Crash();
  EXPECT_EQ(SyncWait(server->Disconnect(bye)).code(), Code::kNotConnected) << "its row is gone";
}

TEST_F(Return, AServerThatStopsMeanwhileWaitsAgainInItsNextLife) {
  const Opened orphan = Create(Root(), "orphan");
  ASSERT_TRUE(Unlink(Root(), "orphan").ok());
  Crash();
  const auto waiting = EndReplay(NewSession());
  EXPECT_FALSE(waiting->has_value());
  SyncWait(server->BeginStop());
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->code(), Code::kUnavailable);
  Crash();
  ComeBack();
  EXPECT_EQ(Reopen(orphan), Code::kOk);
}

TEST_F(Return, WhatIsReopenedStaysAndWhatIsNotGoes) {
  const Opened kept = Create(Root(), "kept"), gone = Create(Root(), "gone");
  ASSERT_TRUE(Unlink(Root(), "kept").ok());
  ASSERT_TRUE(Unlink(Root(), "gone").ok());
  Crash();
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
  Crash();
  ComeBack();
  EndRecovery();
  EXPECT_EQ(Reopen(opened), Code::kStale) << "too late";
}

TEST_F(Return, ASizeIsNotMadeExactBehindAWriterThatComesBack) {
  const Opened opened = Create(Root(), "file");
  OstOf(opened).Write(ObjectOf(opened), 0, "page", 1000, clock.WallNs());
  Crash();
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
  Crash();
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
  Crash();
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
  Crash();
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

// The network may bring a request twice, and late.
TEST_F(Return, ACreateThatWasRefusedIsNotDoneWhenACopyOfItArrivesLater) {
  const Opened there = Create(Root(), "file");
  v1::OpenRequest request = OpenOf(Root(), "file", true, true);
  request.set_create(true);
  request.set_exclusive(true);
  request.mutable_header()->set_slot(5);
  EXPECT_EQ(SyncWait(server->Open(request)).code(), Code::kExists);
  EXPECT_EQ(Close(there, 0), Code::kOk);
  ASSERT_TRUE(Unlink(Root(), "file").ok());
  EXPECT_EQ(SyncWait(server->Open(request)).code(), Code::kExists);
  EXPECT_EQ(Lookup(Root(), "file").code(), Code::kNotFound);
}

TEST_F(Return, AnOpenThatEmptiesWhatOthersHaveOpenIsDoneOnce) {
  const Opened first = Create(Root(), "file");
  OstOf(first).Write(ObjectOf(first), 1, "page", 6000, clock.WallNs());
  v1::OpenRequest request = OpenOf(Root(), "file", false, true);
  request.set_truncate(true);
  request.mutable_header()->set_slot(5);
  ASSERT_TRUE(SyncWait(server->Open(request)).ok());
  const int emptied = OstOf(first).set_sizes;
  EXPECT_EQ(emptied, 1);
  EXPECT_TRUE(SyncWait(server->Open(request)).ok()) << "a copy that arrives when the client has written again";
  EXPECT_EQ(OstOf(first).set_sizes, emptied);
}

// The first copy asks an OST for the size and fails when the second was answered: the client has the file open.
TEST_F(Return, AnOpenThatFailsDoesNotCloseWhatACopyOfItHasOpened) {
  const Opened first = Create(Root(), "file");
  v1::OpenRequest request = OpenOf(Root(), "file", false, true);
  request.mutable_header()->set_slot(5);
  const auto opened = Open(request);
  ASSERT_TRUE(opened.ok());
  OstOf(first).down = true;
  EXPECT_EQ(SyncWait(server->Open(request)).code(), Code::kUnavailable);
  OstOf(first).down = false;
  EXPECT_EQ(Close(*opened, 0), Code::kOk);
}

TEST_F(Return, ACloseThatRemovesAFileIsOneChangeWithItsRecord) {
  const Opened opened = Create(Root(), "file");
  ASSERT_TRUE(Unlink(Root(), "file").ok());
  Commit();
  ASSERT_EQ(kv->unsynced_batches(), 0u);
  EXPECT_EQ(Close(opened, 0), Code::kOk);
  EXPECT_EQ(kv->unsynced_batches(), 1u) << "between two the power could go: the file gone, and nobody knows who closed it";
}

// What was answered and not stable when the power went.
class Replay : public Return {
 protected:
  template <typename Request>
  static Request AsReplay(Request request, const v1::ReplyHeader& answer) {
    request.mutable_header()->set_replay(true);
    request.mutable_header()->set_transno(answer.transno());
    request.mutable_header()->set_replay_time_ns(answer.time_ns());
    return request;
  }
};

TEST_F(Replay, ManyInOneRequestAreDoneInOrderEachByItself) {
  const v1::MakeRequest a = MakeOf(Root(), "a"), b = MakeOf(Root(), "b"), none = MakeOf(Root(), "c");
  const v1::MakeRequest again = AsReplay(a, SyncWait(server->Make(a))->header());
  const v1::MakeRequest last = AsReplay(b, SyncWait(server->Make(b))->header());
  CrashServerAwaited();
  ComeBack();
  v1::ReplayRequest request;
  EXPECT_EQ(SyncWait(server->Replay(request)).code(), Code::kUnsupported) << "no header";
  *request.mutable_header() = Header(session);
  *request.add_changes()->mutable_make() = again;
  *request.add_changes()->mutable_make() = none;
  request.add_changes();
  *request.add_changes()->mutable_make() = last;
  const auto reply = SyncWait(server->Replay(request));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  ASSERT_EQ(reply->answers_size(), 4);
  EXPECT_EQ(reply->answers(0).code(), 0u);
  EXPECT_EQ(StatusOf(reply->answers(1)).code(), Code::kInvalid) << "new work among replays";
  EXPECT_EQ(StatusOf(reply->answers(2)).code(), Code::kInvalid) << "empty";
  EXPECT_EQ(reply->answers(3).code(), 0u);
  EXPECT_GT(reply->answers(3).transno(), reply->answers(0).transno());
  EndRecovery();
  EXPECT_TRUE(Lookup(Root(), "a").ok() && Lookup(Root(), "b").ok());
  EXPECT_EQ(Lookup(Root(), "c").code(), Code::kNotFound);
}

TEST_F(Replay, EndsEarlyWhereTheSessionIsGone) {
  const v1::MakeRequest a = MakeOf(Root(), "a");
  v1::MakeRequest again = AsReplay(a, SyncWait(server->Make(a))->header());
  CrashServerAwaited();
  ComeBack();
  v1::ReplayRequest request;
  *request.mutable_header() = Header(session);
  v1::MakeRequest of_another = again;
  of_another.mutable_header()->set_session(session + 100);
  *request.add_changes()->mutable_make() = of_another;
  *request.add_changes()->mutable_make() = again;
  const auto reply = SyncWait(server->Replay(request));
  ASSERT_TRUE(reply.ok());
  ASSERT_EQ(reply->answers_size(), 1);
  EXPECT_EQ(StatusOf(reply->answers(0)).code(), Code::kNotConnected);
}

TEST_F(Replay, GivesAChangeAgainAsItWas) {
  const v1::MakeRequest make = MakeOf(Root(), "dir");
  const auto made = SyncWait(server->Make(make));
  ASSERT_TRUE(made.ok());
  CrashServerAwaited();
  clock.now_ns += 5'000'000'000;
  ComeBack();
  const auto again = SyncWait(server->Make(AsReplay(make, made->header())));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(BootCountOf(again->header().transno()), boot_count);
  EXPECT_EQ(again->cookie(), made->cookie());
  EXPECT_EQ(again->inode().attr().ctime_ns(), made->inode().attr().ctime_ns());
  const auto twice = SyncWait(server->Make(AsReplay(make, made->header())));
  ASSERT_TRUE(twice.ok()) << twice.status().ToString();
  EXPECT_EQ(twice->header().transno(), again->header().transno());
  EndRecovery();
  EXPECT_EQ(Lookup(Root(), "dir")->inode().attr().mtime_ns(), made->inode().attr().mtime_ns());
  EXPECT_EQ(Ping().replayed(), 1u);
  // Names in it get the cookies they had, or would have had.
  const auto inside = SyncWait(server->Make(MakeOf(In(made->inode().fid()), "inside")));
  ASSERT_TRUE(inside.ok());
  const auto deeper = SyncWait(server->Make(AsReplay(make, made->header())));
  EXPECT_TRUE(deeper.ok()) << "a late copy of the replay changes nothing";
}

TEST_F(Replay, GivesTheNowOfItsFirstTime) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  Commit();
  v1::SetAttrRequest touch;
  *touch.mutable_header() = Header(session);
  *touch.mutable_fid() = dir;
  for (const auto set : {&v1::SetAttrRequest::set_set_atime, &v1::SetAttrRequest::set_atime_now,
                         &v1::SetAttrRequest::set_set_mtime, &v1::SetAttrRequest::set_mtime_now}) {
    (touch.*set)(true);
  }
  clock.now_ns += 1'000'000'000;
  const int64_t then_ns = clock.WallNs();
  const auto touched = SyncWait(server->SetAttr(touch));
  ASSERT_TRUE(touched.ok()) << touched.status().ToString();
  CrashServerAwaited();
  clock.now_ns += 5'000'000'000;
  ComeBack();
  const auto again = SyncWait(server->SetAttr(AsReplay(touch, touched->header())));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EndRecovery();
  touch.mutable_header()->set_resent(true);
  EXPECT_EQ(SyncWait(server->SetAttr(touch))->inode().attr().atime_ns(), then_ns);
  EXPECT_EQ(Stat(dir)->atime_ns(), then_ns);
  EXPECT_EQ(Stat(dir)->mtime_ns(), then_ns);
  EXPECT_EQ(Ping().replayed(), 1u);
}

TEST_F(Replay, OfACreateHasTheLayoutThatTheClientWroteBy) {
  for (int i = 0; i < 8; ++i) {
    v1::OpenRequest create = OpenOf(Root(), "file" + std::to_string(i), true, true);
    const auto made = SyncWait(server->Open(create));
    ASSERT_TRUE(made.ok());
    CrashServerAwaited();
    ComeBack();
    v1::OpenRequest replay = AsReplay(create, made->header());
    v1::OpenRequest without = replay;
    without.mutable_header()->set_slot(1);
    EXPECT_EQ(SyncWait(server->Open(without)).code(), Code::kInvalid) << "without the layout";
    *replay.mutable_replay_layout() = made->inode().layout();
    const auto again = SyncWait(server->Open(replay));
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_EQ(again->inode().layout().SerializeAsString(), made->inode().layout().SerializeAsString());
    EndRecovery();
    EXPECT_EQ(Close(Opened{*made, create.header().xid()}, 0), Code::kOk) << "it is open again";
    Commit();
  }
}

TEST_F(Replay, OfWhatIsStableChangesNothingAndClosesWhatWasClosed) {
  const Opened opened = Create(Root(), "file");
  const v1::CloseRequest close = CloseOf(opened, 0);
  const auto closed = SyncWait(server->Close(close));
  ASSERT_TRUE(closed.ok());
  Crash();
  ComeBack();
  ASSERT_EQ(Reopen(opened), Code::kOk) << "the client does not know yet that its close is stable";
  const auto again = SyncWait(server->Close(AsReplay(close, closed->header())));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE(again->header().stable());
  EndRecovery();
  ASSERT_TRUE(Unlink(Root(), "file").ok());
  Commit();
  LetDestroy();
  EXPECT_TRUE(OstOf(opened).tombstones.contains(ObjectOf(opened)));
}

TEST_F(Replay, ThatComesTooLateIsRefused) {
  const v1::MakeRequest make = MakeOf(Root(), "dir");
  const auto made = SyncWait(server->Make(make));
  CrashServerAwaited();
  ComeBack();
  EndRecovery();
  EXPECT_EQ(SyncWait(server->Make(AsReplay(make, made->header()))).code(), Code::kStale);
  EXPECT_EQ(Lookup(Root(), "dir").code(), Code::kNotFound);
  EXPECT_EQ(Ping().replays_refused(), 1u);
}

// Its client was told that it is lost, and may have done other things since.
TEST_F(Replay, ThatWasRefusedIsNotDoneByACopyThatComesLate) {
  const v1::MakeRequest outer = MakeOf(Root(), "outer");
  const auto made_outer = SyncWait(server->Make(outer));
  v1::MakeRequest inner = MakeOf(In(outer.fid()), "inner");
  inner.mutable_header()->set_slot(1);
  const auto made_inner = SyncWait(server->Make(inner));
  ASSERT_TRUE(made_outer.ok() && made_inner.ok());
  CrashServerAwaited();
  ComeBack();
  const v1::MakeRequest replay = AsReplay(inner, made_inner->header());
  const auto refused = SyncWait(server->Make(replay));
  ASSERT_EQ(refused.code(), Code::kStale) << "what it lies in is not there";
  ASSERT_TRUE(SyncWait(server->Make(AsReplay(outer, made_outer->header()))).ok());
  EXPECT_EQ(SyncWait(server->Make(replay)).status().message(), refused.status().message());
  EndRecovery();
  EXPECT_EQ(SyncWait(server->Make(replay)).code(), Code::kStale);
  EXPECT_EQ(Lookup(In(outer.fid()), "inner").code(), Code::kNotFound);
  EXPECT_EQ(Ping().replays_refused(), 1u);
}

TEST_F(Replay, OfAnUnlinkKeepsWhatSomebodyMayHaveOpen) {
  const Opened held = Create(Root(), "file");
  const uint64_t holder = session;
  session = NewSession();
  range = Grant(session);
  next_oid = 1;
  Commit();
  v1::UnlinkRequest unlink;
  *unlink.mutable_header() = Header(session);
  *unlink.mutable_parent() = Root();
  unlink.mutable_name()->set_stored("file");
  const auto unlinked = SyncWait(server->Unlink(unlink));
  ASSERT_TRUE(unlinked.ok());
  CrashServerAwaited();
  ComeBack();
  ASSERT_TRUE(SyncWait(server->Unlink(AsReplay(unlink, unlinked->header()))).ok());
  const auto waiting = EndReplay(session);
  session = holder;  // comes back later
  ComeBack();
  EXPECT_EQ(Reopen(held), Code::kOk);
  EndRecovery();
  LetDestroy();
  EXPECT_TRUE(waiting->has_value() && (*waiting)->ok());
  EXPECT_FALSE(OstOf(held).tombstones.contains(ObjectOf(held)));
  EXPECT_EQ(Close(held, 0), Code::kOk);
  Commit();
  LetDestroy();
  EXPECT_TRUE(OstOf(held).tombstones.contains(ObjectOf(held)));
}

TEST_F(Replay, OfACreateFindsAllHandlesOfTheFile) {
  v1::OpenRequest create = OpenOf(Root(), "file", true, true);
  const auto made = SyncWait(server->Open(create));
  ASSERT_TRUE(made.ok());
  const Opened first{*made, create.header().xid()};
  const auto second = Open(OpenOf(Root(), "file", false, true));
  ASSERT_TRUE(second.ok());
  CrashServerAwaited();
  ComeBack();
  EXPECT_EQ(Reopen(first), Code::kOk);
  EXPECT_EQ(Reopen(*second), Code::kOk) << "the file comes with the replay";
  v1::OpenRequest replay = AsReplay(create, made->header());
  *replay.mutable_replay_layout() = made->inode().layout();
  ASSERT_TRUE(SyncWait(server->Open(replay)).ok());
  EndRecovery();
  EXPECT_EQ(Close(first, 0), Code::kOk);
  EXPECT_EQ(Stat(made->inode().fid())->size_state(), v1::SIZE_ON_OBJECTS) << "the second writes yet";
  EXPECT_EQ(Close(*second, 0), Code::kOk);
}

TEST_F(Return, AnOpenSentAgainWritesAlsoWhenTheSizeWasMadeExactMeanwhile) {
  const v1::Fid fid = File(Root(), "file", 100);
  v1::OpenRequest request = OpenOf(Root(), "file", false, true);
  ASSERT_TRUE(SyncWait(server->Open(request)).ok());
  Crash();
  ComeBack();
  EndRecovery();
  EXPECT_EQ(Stat(fid)->size_state(), v1::SIZE_EXACT) << "nobody was known to write";
  const auto opened = Open(request);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  OstOf(*opened).Write(ObjectOf(*opened), 0, "page", 3000, clock.WallNs());
  EXPECT_EQ(Close(*opened, 3000), Code::kOk);
  LetDestroy();
  EXPECT_EQ(Stat(fid)->size(), 3000u);
}

TEST_F(Return, WhoCameBackAndDidNotGetThroughHasNothingOpen) {
  const Opened orphan = Create(Root(), "orphan");
  ASSERT_TRUE(Unlink(Root(), "orphan").ok());
  Crash();
  ComeBack();
  ASSERT_EQ(Reopen(orphan), Code::kOk);
  Pass(MdsOptions().recovery_window);
  LetDestroy();
  EXPECT_TRUE(OstOf(orphan).tombstones.contains(ObjectOf(orphan)));
}

TEST_F(Return, ALateRequestDoesNotTakeTheRecordOfItsSlotFromANewerOne) {
  const v1::Fid fid = File(Root(), "file", 6000);
  for (const auto& oss : osts.osts) oss->down = true;
  v1::TruncateRequest old = TruncateOf(fid, kPageBytes);
  auto given_up = Begin(server->Truncate(old));
  const v1::MakeRequest request = MakeOf(Root(), "dir");
  const auto made = SyncWait(server->Make(request));
  ASSERT_TRUE(made.ok());
  v1::GetAttrRequest look;
  *look.mutable_header() = Header(session);
  *look.mutable_fid() = fid;
  auto looked = Begin(server->GetAttr(look));
  ASSERT_TRUE(looked->has_value()) << "it waits for as long as the OST is away";
  EXPECT_EQ((*looked)->code(), Code::kUnavailable);
  EXPECT_NE((*looked)->status().message().find("OST"), std::string::npos) << (*looked)->status().ToString();
  for (const auto& oss : osts.osts) oss->down = false;
  Tick(std::chrono::seconds(10));
  ASSERT_TRUE(given_up->has_value());
  const auto again = SyncWait(server->Make(request));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->header().transno(), made->header().transno());
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
  Crash();
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
