// What is answered, when, and what is still true after a crash: stability, resends, sessions, intents, the destroyer.
#include <tuple>

#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

class Recovery : public MdsRig {};

TEST_F(Recovery, AChangeIsAnsweredAtOnceAndGetsStableSoon) {
  Commit();
  io.hold = true;
  const auto made = Make(Root(), "dir");
  ASSERT_TRUE(made.ok());
  EXPECT_FALSE(made->header().stable());
  EXPECT_GT(kv->unsynced_batches(), 0u);
  EXPECT_TRUE(Stat(made->inode().fid()).ok()) << "its own session looks at once";
  Tick(std::chrono::seconds(1));
  io.LetGo();
  EXPECT_EQ(kv->unsynced_batches(), 0u);
  v1::GetAttrRequest stat;
  *stat.mutable_header() = Header(session);
  *stat.mutable_fid() = made->inode().fid();
  EXPECT_GE(SyncWait(server->GetAttr(stat))->header().last_committed(), made->header().transno());
  io.hold = false;
}

TEST_F(Recovery, ACommitIsAnsweredWhenAllBeforeIsStable) {
  ASSERT_TRUE(Make(Root(), "dir").ok());
  io.hold = true;
  v1::MdsCommitRequest request;
  *request.mutable_header() = Header(session);
  auto committed = Begin(server->Commit(request));
  EXPECT_FALSE(committed->has_value());
  io.LetGo();
  ASSERT_TRUE(committed->has_value());
  EXPECT_TRUE((*committed)->ok());
  EXPECT_EQ(kv->unsynced_batches(), 0u);
  io.hold = false;
}

TEST_F(Recovery, WhatOthersRelyOnWithoutAskingIsStableWhenAnswered) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid(), file = File(Root(), "file", 10);
  Commit();
  io.hold = true;
  v1::SetAttrRequest mode;
  *mode.mutable_header() = Header(session);
  *mode.mutable_fid() = dir;
  mode.set_set_mode(true);
  mode.set_mode(0700);
  auto changed = Begin(server->SetAttr(mode));
  EXPECT_FALSE(changed->has_value()) << "a mode";
  io.LetGo();
  EXPECT_TRUE(changed->has_value());
  v1::OpenRequest open;
  *open.mutable_header() = Header(session);
  *open.mutable_fid() = file;
  open.set_write(true);
  auto opened = Begin(server->Open(open));
  EXPECT_FALSE(opened->has_value()) << "that the size is on the objects";
  io.LetGo();
  EXPECT_TRUE(opened->has_value());
  v1::GrantFidsRequest grant;
  *grant.mutable_header() = Header(session);
  auto granted = Begin(server->GrantFids(grant));
  EXPECT_FALSE(granted->has_value()) << "a range of FIDs";
  io.LetGo();
  EXPECT_TRUE(granted->has_value());
  io.hold = false;
}

// Commit on share: another client's change is stable before anything of it is seen or built upon; one's own is not waited for.
class Shared : public MdsRig {
 protected:
  void SetUp() override {
    MdsRig::SetUp();
    dir = Make(Root(), "dir")->inode().fid();
    ASSERT_TRUE(Make(In(dir), "old").ok());
    mine = session;
    ranges[mine] = {range, next_oid};
    other = NewSession();
    ranges[other] = {Grant(other), 1};
    Commit();
    io.hold = true;
    ActAs(other);
  }
  void TearDown() override {
    io.LetGo();
    io.hold = false;
    MdsRig::TearDown();
  }
  void ActAs(uint64_t who) {
    ranges[session] = {range, next_oid};
    session = who;
    std::tie(range, next_oid) = ranges[who];
  }
  void MakeAs(uint64_t who, const std::string& name) {
    const uint64_t now = session;
    ActAs(who);
    auto made = Begin(server->Make(MakeOf(In(dir), name)));
    ASSERT_TRUE(made->has_value() && (*made)->ok());
    ActAs(now);
  }
  std::map<uint64_t, std::pair<uint64_t, uint32_t>> ranges;
  v1::Fid dir;
  uint64_t mine = 0, other = 0;
};

TEST_F(Shared, AnothersNewNameIsWaitedFor) {
  MakeAs(mine, "new");
  auto found = Begin(server->Lookup(LookupOf(In(dir), "new")));
  EXPECT_FALSE(found->has_value());
  auto old = Begin(server->Lookup(LookupOf(In(dir), "old")));
  EXPECT_TRUE(old->has_value()) << "an entry that did not change is shown at once";
  auto missing = Begin(server->Lookup(LookupOf(In(dir), "missing")));
  EXPECT_TRUE(missing->has_value()) << "and so is that there is none of this name";
  ActAs(mine);
  auto own = Begin(server->Lookup(LookupOf(In(dir), "new")));
  EXPECT_TRUE(own->has_value()) << "who made it does not wait";
  io.LetGo();
  EXPECT_TRUE(found->has_value() && (*found)->ok());
}

TEST_F(Shared, WhatAnotherChangedOfAnInodeIsWaitedFor) {
  ActAs(mine);
  v1::SetXattrRequest mark;
  *mark.mutable_header() = Header(session);
  *mark.mutable_fid() = dir;
  mark.mutable_xattr()->set_name("user.x");
  mark.mutable_xattr()->set_value("1");
  auto marked = Begin(server->SetXattr(mark));
  ASSERT_TRUE(marked->has_value() && (*marked)->ok());
  v1::GetXattrsRequest look;
  *look.mutable_header() = Header(session);
  *look.mutable_fid() = dir;
  EXPECT_TRUE(Begin(server->GetXattrs(look))->has_value()) << "who made it does not wait";
  ActAs(other);
  *look.mutable_header() = Header(session);
  auto seen = Begin(server->GetXattrs(look));
  EXPECT_FALSE(seen->has_value());
  io.LetGo();
  ASSERT_TRUE(seen->has_value() && (*seen)->ok());
  EXPECT_EQ((*seen)->value().xattrs_size(), 1);
}

TEST_F(Shared, ANameThatAnotherTookOrLeftIsWaitedFor) {
  MakeAs(mine, "taken");
  auto taken = Begin(server->Make(MakeOf(In(dir), "taken")));
  EXPECT_FALSE(taken->has_value()) << "errors tell of changes too";
  io.LetGo();
  EXPECT_EQ((*taken)->code(), Code::kExists);
  ActAs(mine);
  v1::UnlinkRequest unlink;
  *unlink.mutable_header() = Header(session);
  *unlink.mutable_parent() = In(dir);
  unlink.mutable_name()->set_stored("taken");
  unlink.set_directory(true);
  auto unlinked = Begin(server->Unlink(unlink));
  ASSERT_TRUE(unlinked->has_value() && (*unlinked)->ok());
  ActAs(other);
  auto again = Begin(server->Make(MakeOf(In(dir), "taken")));
  EXPECT_FALSE(again->has_value()) << "the name is free because of an unlink that may be lost";
  io.LetGo();
  EXPECT_TRUE(again->has_value() && (*again)->ok());
}

TEST_F(Shared, ClientsThatMakeDifferentNamesInOneDirectoryDoNotWaitForEachOther) {
  for (int i = 0; i < 4; ++i) MakeAs(other, "other" + std::to_string(i));
  MakeAs(mine, "mine");
  EXPECT_TRUE(io.jobs.empty()) << "no sync was asked for";
}

TEST_F(Shared, AListingAndARemovalOfADirectoryWaitForAllItsNames) {
  MakeAs(mine, "new");
  v1::ReaddirRequest list;
  *list.mutable_header() = Header(session);
  *list.mutable_fid() = dir;
  auto listed = Begin(server->Readdir(list));
  EXPECT_FALSE(listed->has_value());
  v1::UnlinkRequest remove;
  *remove.mutable_header() = Header(session);
  *remove.mutable_parent() = Root();
  remove.mutable_name()->set_stored("dir");
  remove.set_directory(true);
  auto removed = Begin(server->Unlink(remove));
  EXPECT_FALSE(removed->has_value());
  io.LetGo();
  EXPECT_EQ((*listed)->value().entries_size(), 2);
  EXPECT_EQ((*removed)->code(), Code::kNotEmpty);
}

TEST_F(Recovery, ManyChangesShareOneSync) {
  Commit();
  io.hold = true;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Make(Root(), "dir" + std::to_string(i)).ok());
  std::vector<std::shared_ptr<std::optional<Result<v1::MdsCommitReply>>>> commits;
  for (int i = 0; i < 10; ++i) {
    v1::MdsCommitRequest request;
    *request.mutable_header() = Header(session);
    commits.push_back(Begin(server->Commit(request)));
  }
  EXPECT_EQ(io.jobs.size(), 1u);
  io.LetGo();
  for (const auto& one : commits) EXPECT_TRUE(one->has_value() && (*one)->ok());
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

TEST_F(Recovery, WhatIsStableSurvivesAPowerCutAndWhatIsNotIsGoneWhole) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  const v1::Fid file = File(In(dir), "file", 3000);
  Commit();
  const v1::MakeRequest late = MakeOf(In(dir), "late");
  io.hold = true;
  auto unstable = Begin(server->Make(late));
  CrashServerAwaited();
  Pass(MdsOptions().recovery_window);
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
  Pass(std::chrono::seconds(60));
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
  const auto refusals = [&] {
    std::vector<std::string> told = notices;
    std::erase_if(told, [](const std::string& notice) { return notice.find("does not destroy") == std::string::npos; });
    return told;
  };
  ASSERT_EQ(refusals().size(), 2u);
  EXPECT_NE(refusals()[0].find(ToString(*oss.unreadable.begin())), std::string::npos) << refusals()[0];
  // Not asked for at every tick, but not forgotten; a later life tries too, and no unlink waits for them.
  const int asked = oss.destroys;
  for (int i = 0; i < 60; ++i) Tick(std::chrono::seconds(1));
  EXPECT_EQ(oss.destroys, asked);
  CrashServer();
  Join();
  LetDestroy();
  EXPECT_EQ(refusals().size(), 4u);
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
  ASSERT_TRUE(Make(Root(), "dir").ok());
  v1::MdsCommitRequest request;
  *request.mutable_header() = Header(session);
  EXPECT_DEATH(
      {
        kv->FailNextSync(Status(Code::kIo, "the disk is gone"));
        auto never = SyncWait(server->Commit(request));
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
