// What is answered, when, and what is still true after a crash: stability, resends, sessions, intents, the destroyer.
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

class Recovery : public MdsRig {};

TEST_F(Recovery, AChangeIsAnsweredOnlyWhenStable) {
  io.hold = true;
  auto made = Begin(server->Make(MakeOf(Root(), "dir")));
  EXPECT_FALSE(made->has_value());
  EXPECT_GT(kv->unsynced_batches(), 0u);
  io.LetGo();
  ASSERT_TRUE(made->has_value());
  EXPECT_TRUE((*made)->ok());
  EXPECT_EQ(kv->unsynced_batches(), 0u);
  io.hold = false;
}

TEST_F(Recovery, WhoShowsWhatIsNotStableWaitsForIt) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  ASSERT_TRUE(Make(In(dir), "old").ok());
  io.hold = true;
  auto made = Begin(server->Make(MakeOf(In(dir), "new")));
  auto found = Begin(server->Lookup(LookupOf(In(dir), "new")));
  auto missing = Begin(server->Lookup(LookupOf(In(dir), "missing")));
  auto taken = Begin(server->Make(MakeOf(In(dir), "new")));
  auto other = Begin(server->Lookup(LookupOf(In(dir), "old")));
  EXPECT_FALSE(found->has_value());
  EXPECT_FALSE(missing->has_value()) << "which names are not there changed too";
  EXPECT_FALSE(taken->has_value()) << "errors may tell of unstable changes";
  EXPECT_TRUE(other->has_value()) << "an entry that did not change is shown at once";
  io.LetGo();
  EXPECT_TRUE(found->has_value() && (*found)->ok());
  EXPECT_EQ((*missing)->code(), Code::kNotFound);
  EXPECT_EQ((*taken)->code(), Code::kExists);
  io.hold = false;
}

TEST_F(Recovery, ManyChangesShareOneSync) {
  io.hold = true;
  auto first = Begin(server->Make(MakeOf(Root(), "first")));
  std::vector<std::shared_ptr<std::optional<Result<v1::MakeReply>>>> rest;
  for (int i = 0; i < 10; ++i) {
    v1::MakeRequest request = MakeOf(Root(), "rest" + std::to_string(i));
    request.mutable_header()->set_slot(static_cast<uint32_t>(i) + 1);
    rest.push_back(Begin(server->Make(request)));
  }
  EXPECT_EQ(io.jobs.size(), 1u);
  io.LetGo();
  for (const auto& one : rest) EXPECT_TRUE(one->has_value() && (*one)->ok());
  io.hold = false;
}

TEST_F(Recovery, AResentChangeHasItsEffectOnce) {
  v1::MakeRequest request = MakeOf(Root(), "dir");
  auto first = SyncWait(server->Make(request));
  ASSERT_TRUE(first.ok());
  request.mutable_header()->set_resent(true);
  auto second = SyncWait(server->Make(request));
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(second->header().transno(), first->header().transno());
  EXPECT_EQ(second->inode().SerializeAsString(), first->inode().SerializeAsString());
  ASSERT_TRUE(Make(Root(), "next").ok());
  EXPECT_EQ(SyncWait(server->Make(request)).code(), Code::kInvalid) << "its slot has gone on";
}

TEST_F(Recovery, RequestsOfStrangersAreRefused) {
  v1::MakeRequest request = MakeOf(Root(), "x");
  request.mutable_header()->set_session(session + 50);
  EXPECT_EQ(SyncWait(server->Make(request)).code(), Code::kNotConnected);
  request.mutable_header()->set_session(session);
  request.mutable_header()->set_client_id("another-16-bytes");
  EXPECT_EQ(SyncWait(server->Make(request)).code(), Code::kInvalid);
  request = MakeOf(Root(), "x");
  request.mutable_header()->set_fsid("another-fs-bytes");
  EXPECT_EQ(SyncWait(server->Make(request)).code(), Code::kInvalid);
  request = MakeOf(Root(), "x");
  request.mutable_header()->set_mdt_epoch(2);
  EXPECT_EQ(SyncWait(server->Make(request)).code(), Code::kStale);
  request = MakeOf(Root(), "x");
  request.mutable_header()->set_protocol_version(9);
  EXPECT_EQ(SyncWait(server->Make(request)).code(), Code::kUnsupported);
}

TEST_F(Recovery, WhatWasAnsweredSurvivesAPowerCutAndWhatWasNotIsGoneWhole) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  const v1::Fid file = File(In(dir), "file", 3000);
  io.hold = true;
  auto unanswered = Begin(server->Make(MakeOf(In(dir), "late")));
  CrashServer();
  EXPECT_EQ(Stat(file).code(), Code::kNotConnected) << "a restart closes all sessions";
  Join();
  EXPECT_EQ(Stat(file)->size(), 3000u);
  EXPECT_EQ(Lookup(In(dir), "late").code(), Code::kNotFound);
  EXPECT_EQ(Stat(dir)->nlink(), 2u);
  EXPECT_EQ(Ping().inodes(), 3u);
}

TEST_F(Recovery, NoFidRangeIsGrantedTwice) {
  const uint64_t before = range;
  CrashServer();
  Join();
  EXPECT_GT(range, before);
}

TEST_F(Recovery, ARestartDestroysOrphansAndSettlesWhatWasOpen) {
  const Opened orphan = Create(Root(), "orphan");
  const Opened writing = Create(Root(), "writing");
  OstOf(writing).Write(ObjectOf(writing), 0, "page", 1234, clock.WallNs());
  ASSERT_TRUE(Unlink(Root(), "orphan").ok());
  CrashServer();
  LetDestroy();
  EXPECT_TRUE(OstOf(orphan).tombstones.contains(ObjectOf(orphan)));
  Join();
  EXPECT_EQ(Stat(orphan.reply.inode().fid()).code(), Code::kStale);
  EXPECT_EQ(Stat(writing.reply.inode().fid())->size(), 1234u);
  EXPECT_EQ(Close(writing, 99), Code::kStale) << "the handle is of another life";
}

TEST_F(Recovery, ObjectsAreDestroyedOnlyWhenTheUnlinkIsStable) {
  const Opened opened = Create(Root(), "file");
  ASSERT_EQ(Close(opened, 0), Code::kOk);
  io.hold = true;
  v1::UnlinkRequest request;
  *request.mutable_header() = Header(session);
  *request.mutable_parent() = Root();
  request.mutable_name()->set_stored("file");
  auto unlinked = Begin(server->Unlink(request));
  LetDestroy();
  EXPECT_EQ(OstOf(opened).destroys, 0);
  io.LetGo();
  EXPECT_TRUE(OstOf(opened).tombstones.contains(ObjectOf(opened)));
  io.hold = false;
}

TEST_F(Recovery, ADestroyWaitsForItsOstAcrossRestarts) {
  const Opened opened = Create(Root(), "file");
  ASSERT_EQ(Close(opened, 0), Code::kOk);
  OstOf(opened).down = true;
  ASSERT_TRUE(Unlink(Root(), "file").ok());
  EXPECT_EQ(Ping().objects_to_destroy(), 1u);
  CrashServer();
  EXPECT_EQ(Ping().objects_to_destroy(), 1u);
  OstOf(opened).down = false;
  Tick(std::chrono::seconds(2));
  LetDestroy();
  EXPECT_TRUE(OstOf(opened).tombstones.contains(ObjectOf(opened)));
  EXPECT_EQ(Ping().objects_to_destroy(), 0u);
  EXPECT_FALSE(kv->Seek(kUnlinkedFamily, {})->Valid());
}

// More than the destroyer remembers: the rest is found in the store, all are asked for once, many in a request.
TEST_F(Recovery, AMultitudeOfObjectsIsDestroyedInFewRequests) {
  constexpr size_t kFiles = 31'000;  // above 10'000 on each of 3 OSTs
  for (uint32_t i = 0; i < kOsts; ++i) osts.osts[i]->down = true;
  for (size_t i = 0; i < kFiles; ++i) {
    const Opened opened = Create(Root(), std::to_string(i));
    ASSERT_EQ(Close(opened, 0), Code::kOk);
  }
  for (size_t i = 0; i < kFiles; ++i) ASSERT_TRUE(Unlink(Root(), std::to_string(i)).ok());
  LetDestroy();
  EXPECT_EQ(Ping().objects_to_destroy(), kFiles);
  for (uint32_t i = 0; i < kOsts; ++i) osts.osts[i]->down = false;
  Tick(std::chrono::minutes(2));
  LetDestroy();
  EXPECT_EQ(Ping().objects_to_destroy(), 0u);
  size_t destroyed = 0;
  int requests = 0;
  for (uint32_t i = 0; i < kOsts; ++i) {
    destroyed += osts.osts[i]->tombstones.size();
    requests += osts.osts[i]->destroys;
  }
  EXPECT_EQ(destroyed, kFiles);
  EXPECT_LT(requests, 100);
  EXPECT_FALSE(kv->Seek(kUnlinkedFamily, {})->Valid());
}

TEST_F(Recovery, AnObjectThatItsOstCannotReadHoldsUpNoOther) {
  constexpr size_t kFiles = 1500;
  FakeOss& oss = *osts.osts[0];
  oss.down = true;
  for (size_t i = 0; i < kFiles; ++i) {
    const Opened opened = Create(Root(), std::to_string(i));
    ASSERT_EQ(Close(opened, 0), Code::kOk);
    if (&OstOf(opened) == &oss && oss.unreadable.size() < 2) oss.unreadable.insert(ObjectOf(opened));
  }
  for (size_t i = 0; i < kFiles; ++i) ASSERT_TRUE(Unlink(Root(), std::to_string(i)).ok());
  LetDestroy();
  oss.down = false;
  oss.destroys = 0;
  Tick(std::chrono::minutes(2));
  LetDestroy();
  EXPECT_EQ(Ping().objects_to_destroy(), 2u);
  EXPECT_LT(oss.destroys, 60);
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_NE(notices[0].find(ToString(*oss.unreadable.begin())), std::string::npos) << notices[0];
  // Not asked for at every tick, but not forgotten; a later life tries too, and no unlink waits for them.
  const int asked = oss.destroys;
  for (int i = 0; i < 60; ++i) Tick(std::chrono::seconds(1));
  EXPECT_EQ(oss.destroys, asked);
  CrashServer();
  Join();
  LetDestroy();
  EXPECT_EQ(notices.size(), 4u);
  File(Root(), "later");
  ASSERT_TRUE(Unlink(Root(), "later").ok());
  Tick(std::chrono::seconds(1));
  LetDestroy();
  EXPECT_EQ(Ping().objects_to_destroy(), 2u);
  oss.unreadable.clear();
  Tick(std::chrono::minutes(11));
  LetDestroy();
  EXPECT_EQ(Ping().objects_to_destroy(), 0u);
  EXPECT_FALSE(kv->Seek(kUnlinkedFamily, {})->Valid());
}

TEST_F(Recovery, AnOstThatRefusesEverythingIsNotAskedWithoutEnd) {
  constexpr size_t kFiles = 300;
  for (size_t i = 0; i < kFiles; ++i) {
    const Opened opened = Create(Root(), std::to_string(i));
    ASSERT_EQ(Close(opened, 0), Code::kOk);
    OstOf(opened).unreadable.insert(ObjectOf(opened));
  }
  for (size_t i = 0; i < kFiles; ++i) ASSERT_TRUE(Unlink(Root(), std::to_string(i)).ok());
  LetDestroy();
  for (int i = 0; i < 600; ++i) Tick(std::chrono::seconds(1));
  for (const auto& oss : osts.osts) EXPECT_LT(oss->destroys, 60);
  EXPECT_EQ(Ping().objects_to_destroy(), kFiles);
}

TEST_F(Recovery, AServerThatStopsDoesNotWaitForAnOstThatIsAway) {
  const Opened opened = Create(Root(), "file");
  ASSERT_EQ(Close(opened, 0), Code::kOk);
  OstOf(opened).down = true;
  auto answer = Begin(server->Truncate(TruncateOf(opened.reply.inode().fid(), kPageBytes)));
  timers.Fire();
  EXPECT_FALSE(answer->has_value());
  SyncWait(server->BeginStop());
  timers.Fire();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->code(), Code::kUnavailable);
  OstOf(opened).down = false;
  CrashServer();
  EXPECT_EQ(OstOf(opened).objects[ObjectOf(opened)].size, kPageBytes) << "the next start has ended it";
}

TEST_F(Recovery, ATruncateOnceBegunIsCarriedToItsEndByTheNextStart) {
  const Opened opened = Create(Root(), "file");
  OstOf(opened).Write(ObjectOf(opened), 1, "page", 6000, clock.WallNs());
  ASSERT_EQ(Close(opened, 6000), Code::kOk);
  OstOf(opened).down = true;
  v1::TruncateRequest request = TruncateOf(opened.reply.inode().fid(), 5000);
  request.set_tail_page(std::string(kPageBytes, 't'));
  request.set_tail_digest(FakeOss::Digest("page"));
  auto answer = Begin(server->Truncate(request));
  EXPECT_FALSE(answer->has_value());
  CrashServer();
  EXPECT_EQ((*answer)->code(), Code::kUnavailable);
  EXPECT_TRUE(kv->Seek(kIntentFamily, {})->Valid());
  OstOf(opened).down = false;
  Join();
  v1::GetAttrRequest stat;
  *stat.mutable_header() = Header(session);
  *stat.mutable_fid() = opened.reply.inode().fid();
  timers.Fire();
  EXPECT_FALSE(kv->Seek(kIntentFamily, {})->Valid());
  EXPECT_EQ(SyncWait(server->GetAttr(stat))->inode().attr().size(), 5000u);
  EXPECT_EQ(OstOf(opened).objects[ObjectOf(opened)].size, 5000u);
}

TEST_F(Recovery, ATruncateResentWhileAtWorkIsDoneOnce) {
  const Opened opened = Create(Root(), "file");
  OstOf(opened).Write(ObjectOf(opened), 1, "page", 6000, clock.WallNs());
  ASSERT_EQ(Close(opened, 6000), Code::kOk);
  HandExecutor network;
  network.hold = true;
  OstOf(opened).answers_on = &network;
  v1::TruncateRequest request = TruncateOf(opened.reply.inode().fid(), 5000);
  request.set_tail_page(std::string(kPageBytes, 't'));
  request.set_tail_digest(FakeOss::Digest("page"));
  auto first = Begin(server->Truncate(request));
  request.mutable_header()->set_resent(true);
  auto second = Begin(server->Truncate(request));
  EXPECT_FALSE(first->has_value() || second->has_value());
  network.LetGo();
  ASSERT_TRUE(first->has_value() && second->has_value());
  ASSERT_TRUE((*first)->ok() && (*second)->ok()) << (*second)->status().ToString();
  EXPECT_EQ((**first)->header().transno(), (**second)->header().transno());
  EXPECT_EQ(OstOf(opened).set_sizes, 1);
  OstOf(opened).answers_on = nullptr;
}

TEST_F(Recovery, AFailedSyncEndsTheProcess) {
  const v1::MakeRequest request = MakeOf(Root(), "dir");
  EXPECT_DEATH(
      {
        kv->FailNextSync(Status(Code::kIo, "the disk is gone"));
        auto never = SyncWait(server->Make(request));
      },
      "the disk is gone");
}

TEST_F(Recovery, AnotherDirectoryOrClusterDoesNotJoin) {
  v1::AnnounceTargetRequest request;
  *request.mutable_header() = Header(0);
  request.mutable_target()->set_kind(v1::TARGET_OST);
  request.mutable_target()->set_index(0);
  request.mutable_target()->set_address("127.0.0.1:1");
  request.set_instance(std::string(16, 'z'));
  EXPECT_EQ(SyncWait(server->AnnounceTarget(request)).code(), Code::kExists);
  request.set_instance(std::string(16, 'a'));
  request.mutable_header()->set_fsid("another-fs-bytes");
  EXPECT_EQ(SyncWait(server->AnnounceTarget(request)).code(), Code::kInvalid);
  request.mutable_header()->set_fsid("");
  EXPECT_EQ(SyncWait(server->AnnounceTarget(request))->fsid(), "0123456789abcdef");
  request.mutable_target()->set_index(70000);
  EXPECT_EQ(SyncWait(server->AnnounceTarget(request)).code(), Code::kInvalid);
}

}  // namespace
}  // namespace nacre
