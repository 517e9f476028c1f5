// Files: opening, creating, closing, sizes that only the OSTs know, truncate, punch, and what becomes of their objects.
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

class Files : public MdsRig {
 protected:
  // The bytes of a file as its writer left them on the OSTs, not reported.
  Opened Written(const std::string& name, uint64_t size, int64_t mtime_ns = 0) {
    const Opened opened = Create(Root(), name);
    Put(opened, size, mtime_ns == 0 ? clock.WallNs() : mtime_ns);
    return opened;
  }
  void Put(const Opened& opened, uint64_t size, int64_t mtime_ns) {
    OstOf(opened).Write(ObjectOf(opened), size / kPageBytes, "page", size, mtime_ns);
  }
};

TEST_F(Files, ACreateIsOneRequestAndBringsAllThereIsToKnow) {
  const Opened opened = Create(Root(), "file");
  EXPECT_TRUE(opened.reply.created());
  EXPECT_EQ(opened.reply.inode().attr().size_state(), v1::SIZE_ON_OBJECTS);
  EXPECT_EQ(opened.reply.inode().layout().mirrors(0).components(0).osts_size(), 1);
  EXPECT_EQ(opened.reply.inode().layout().mirrors(0).components(0).stripe_bytes(), kMiB);
  EXPECT_GT(opened.reply.inode().attr().file_epoch(), 0u);
  EXPECT_NE(opened.reply.cookie(), 0u);
  EXPECT_EQ(OstOf(opened).glimpses, 0);
  EXPECT_EQ(Open(OpenOf(Root(), "file", true, true))->reply.created(), false);
  v1::OpenRequest exclusive = OpenOf(Root(), "file", true, true);
  exclusive.set_exclusive(true);
  EXPECT_EQ(Open(exclusive).code(), Code::kExists);
  EXPECT_EQ(Open(OpenOf(Root(), "absent", false, true)).code(), Code::kNotFound);
}

TEST_F(Files, OpensThatMakeNoSenseAreRefused) {
  ASSERT_TRUE(Make(Root(), "dir").ok());
  ASSERT_TRUE(Make(Root(), "link", v1::FILE_TYPE_SYMLINK).ok());
  ASSERT_TRUE(Make(Root(), "fifo", v1::FILE_TYPE_FIFO).ok());
  EXPECT_EQ(Open(OpenOf(Root(), "dir", false, true)).code(), Code::kIsDirectory);
  EXPECT_EQ(Open(OpenOf(Root(), "link", false, false)).code(), Code::kLoop);
  EXPECT_EQ(Open(OpenOf(Root(), "fifo", false, false)).code(), Code::kUnsupported);
  v1::OpenRequest nothing = OpenOf(Root(), "dir", false, false);
  nothing.set_read(false);
  EXPECT_EQ(Open(nothing).code(), Code::kInvalid);
  v1::OpenRequest nameless = OpenOf(Root(), "x", true, true);
  nameless.clear_name();
  EXPECT_EQ(Open(nameless).code(), Code::kInvalid);
  v1::OpenRequest by_fid = OpenOf(Root(), "x", false, true);
  by_fid.clear_name();
  *by_fid.mutable_fid() = ToWire(Fid{.seq = 77, .oid = 1});
  EXPECT_EQ(Open(by_fid).code(), Code::kStale);
}

TEST_F(Files, LayoutWishesAreHeardAndNonsenseIsNot) {
  v1::OpenRequest wide = OpenOf(Root(), "wide", true, true);
  wide.mutable_hint()->set_stripe_count(0xffffffff);
  wide.mutable_hint()->set_stripe_bytes(128 * kKiB);
  wide.mutable_hint()->set_has_first_ost(true);
  wide.mutable_hint()->set_first_ost(2);
  auto opened = Open(wide);
  ASSERT_TRUE(opened.ok());
  const auto& component = opened->reply.inode().layout().mirrors(0).components(0);
  EXPECT_EQ(component.osts_size(), 3);
  EXPECT_EQ(component.osts(0), 2u);
  EXPECT_EQ(component.stripe_bytes(), 128 * kKiB);
  v1::OpenRequest odd = OpenOf(Root(), "odd", true, true);
  odd.mutable_hint()->set_stripe_bytes(1000);
  EXPECT_EQ(Open(odd).code(), Code::kInvalid);
  v1::OpenRequest missing = OpenOf(Root(), "missing", true, true);
  missing.mutable_hint()->set_has_first_ost(true);
  missing.mutable_hint()->set_first_ost(9);
  EXPECT_EQ(Open(missing).code(), Code::kUnavailable);
  Tick(std::chrono::seconds(11));
  EXPECT_EQ(Open(OpenOf(Root(), "none", true, true)).code(), Code::kUnavailable) << "no OST was heard of";
}

TEST_F(Files, ADirectorysDefaultLayoutIsPassedOn) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  v1::SetLayoutRequest request;
  *request.mutable_header() = Header(session);
  *request.mutable_fid() = dir;
  request.mutable_hint()->set_stripe_count(2);
  ASSERT_TRUE(SyncWait(server->SetLayout(request)).ok());
  EXPECT_EQ(Lookup(Root(), "dir")->inode().default_layout().stripe_count(), 2u);
  const v1::Fid below = Make(In(dir), "below")->inode().fid();
  EXPECT_EQ(Create(In(below), "file").reply.inode().layout().mirrors(0).components(0).osts_size(), 2);
}

TEST_F(Files, TheOnlyWritersReportMakesTheSizeExact) {
  const Opened opened = Written("file", 5000);
  EXPECT_EQ(Close(opened, 5000, clock.WallNs()), Code::kOk);
  const v1::Attr attr = *Stat(opened.reply.inode().fid());
  EXPECT_EQ(attr.size(), 5000u);
  EXPECT_EQ(attr.size_state(), v1::SIZE_EXACT);
  EXPECT_EQ(attr.mtime_ns(), clock.WallNs());
  EXPECT_EQ(OstOf(opened).glimpses, 0);
  EXPECT_EQ(Close(opened, 1), Code::kStale) << "closed already";
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 5000u);
}

TEST_F(Files, WhileSomebodyWritesStatAsksTheObjects) {
  const Opened opened = Written("file", 5000);
  const v1::Fid fid = opened.reply.inode().fid();
  EXPECT_EQ(Stat(fid)->size(), 5000u);
  Put(opened, 9000, clock.WallNs() + 5);
  EXPECT_EQ(Stat(fid)->size(), 9000u);
  EXPECT_EQ(Stat(fid)->mtime_ns(), clock.WallNs() + 5);
  EXPECT_EQ(Lookup(Root(), "file")->inode().attr().size(), 9000u);
  EXPECT_EQ(Readdir(ToWire(kRootFid))->entries(0).inode().attr().size(), 9000u);
  EXPECT_EQ(Stat(fid)->size_state(), v1::SIZE_ON_OBJECTS);
  EXPECT_FALSE(OstOf(opened).glimpse_committed) << "a look commits nothing";
}

TEST_F(Files, TwoWritersReportsAreNotTheTruth) {
  const Opened first = Written("file", 5000);
  auto second = Open(OpenOf(Root(), "file", false, true));
  ASSERT_TRUE(second.ok());
  Put(first, 20000, clock.WallNs());
  EXPECT_EQ(Close(first, 5000), Code::kOk);
  EXPECT_EQ(Close(*second, 6000), Code::kOk);
  const v1::Attr attr = *Stat(first.reply.inode().fid());
  EXPECT_EQ(attr.size(), 20000u);
  EXPECT_EQ(attr.size_state(), v1::SIZE_EXACT);
  EXPECT_GT(attr.file_epoch(), first.reply.inode().attr().file_epoch()) << "late writes are fenced";
}

TEST_F(Files, ACloseWithoutReportLetsTheServerAsk) {
  const Opened opened = Written("file", 7000);
  EXPECT_EQ(Close(opened), Code::kOk);
  const int asked = OstOf(opened).glimpses;
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(OstOf(opened).glimpse_committed);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 7000u);
  EXPECT_EQ(OstOf(opened).glimpses, asked) << "exact now";
}

TEST_F(Files, AReportAfterSomebodyElsesTruncateIsNotTheTruth) {
  const Opened opened = Written("file", 3 * kPageBytes);
  const uint64_t mine = session;
  session = NewSession();
  ASSERT_TRUE(SyncWait(server->Truncate(TruncateOf(opened.reply.inode().fid(), kPageBytes))).ok());
  session = mine;
  EXPECT_EQ(Close(opened, 3 * kPageBytes), Code::kOk);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), kPageBytes);
}

TEST_F(Files, AnUnreachableOstIsNamed) {
  const Opened opened = Written("file", 7000);
  OstOf(opened).down = true;
  const auto stat = Stat(opened.reply.inode().fid());
  EXPECT_EQ(stat.code(), Code::kUnavailable);
  EXPECT_NE(stat.status().message().find("OST "), std::string::npos);
}

TEST_F(Files, OpenFilesOutliveTheirNames) {
  const Opened opened = Written("file", 7000);
  const v1::Fid fid = opened.reply.inode().fid();
  ASSERT_TRUE(Unlink(Root(), "file").ok());
  EXPECT_EQ(Stat(fid)->nlink(), 0u);
  EXPECT_EQ(Link(fid, Root(), "back"), Code::kNotFound);
  EXPECT_EQ(OstOf(opened).destroys, 0);
  EXPECT_EQ(Close(opened, 7000), Code::kOk);
  EXPECT_EQ(Stat(fid).code(), Code::kStale);
  LetDestroy();
  EXPECT_TRUE(OstOf(opened).tombstones.contains(ObjectOf(opened)));
  EXPECT_EQ(Ping().objects_to_destroy(), 0u);
  EXPECT_FALSE(kv->Seek(kOrphanFamily, {})->Valid());
  EXPECT_FALSE(kv->Seek(kUnlinkedFamily, {})->Valid());
}

TEST_F(Files, ASilentSessionIsClosedAndItsFilesSettled) {
  const Opened opened = Written("file", 7000);
  const Opened orphan = Written("orphan", 10);
  ASSERT_TRUE(Unlink(Root(), "orphan").ok());
  Tick(std::chrono::seconds(61));
  Tick(std::chrono::seconds(1));
  v1::HeartbeatRequest beat;
  *beat.mutable_header() = Header(session);
  EXPECT_EQ(SyncWait(server->Heartbeat(beat)).code(), Code::kNotConnected);
  Announce(0), Announce(1), Announce(2);
  session = NewSession();
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 7000u);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size_state(), v1::SIZE_EXACT);
  EXPECT_EQ(Stat(orphan.reply.inode().fid()).code(), Code::kStale);
  EXPECT_FALSE(kv->Seek(kReplyFamily, {})->Valid());
}

// Until the old objects were destroyed, a write of somebody who still knows them would be acknowledged and lost.
TEST_F(Files, WhatOthersHaveOpenIsEmptiedThroughItsObjectsWhichThenRefuseTheOthers) {
  const Opened others = Written("file", 7000);
  for (const bool by_open : {true, false}) {
    SCOPED_TRACE(by_open);
    const uint64_t epoch_before = OstOf(others).objects[ObjectOf(others)].file_epoch;
    if (by_open) {
      v1::OpenRequest again = OpenOf(Root(), "file", false, true);
      again.set_truncate(true);
      const auto emptied = Open(again);
      ASSERT_TRUE(emptied.ok()) << emptied.status().ToString();
      EXPECT_EQ(emptied->reply.inode().attr().size(), 0u);
      EXPECT_EQ(ObjectOf(*emptied), ObjectOf(others));
      EXPECT_EQ(Close(*emptied, 0), Code::kOk);
    } else {
      ASSERT_TRUE(SyncWait(server->Truncate(TruncateOf(others.reply.inode().fid(), 0))).ok());
    }
    EXPECT_EQ(OstOf(others).objects[ObjectOf(others)].size, 0u);
    EXPECT_GT(OstOf(others).objects[ObjectOf(others)].file_epoch, epoch_before);
    Put(others, 7000, clock.WallNs());
    EXPECT_EQ(Stat(others.reply.inode().fid())->size(), 7000u);
  }
  EXPECT_FALSE(kv->Seek(kIntentFamily, {})->Valid());
  // Through the only handle there is the file is emptied without asking an OST.
  const int asked = OstOf(others).set_sizes;
  v1::TruncateRequest own = TruncateOf(others.reply.inode().fid(), 0);
  own.set_handle(others.handle);
  const auto reply = SyncWait(server->Truncate(own));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(OstOf(others).set_sizes, asked);
  EXPECT_NE(reply->inode().layout().mirrors(0).id(), others.reply.inode().layout().mirrors(0).id());
}

TEST_F(Files, EmptyingGivesNewObjectsAndFreesTheOld) {
  const Opened opened = Written("file", 7000);
  EXPECT_EQ(Close(opened, 7000), Code::kOk);
  v1::OpenRequest again = OpenOf(Root(), "file", false, true);
  again.set_truncate(true);
  auto emptied = Open(again);
  ASSERT_TRUE(emptied.ok());
  EXPECT_EQ(emptied->reply.inode().attr().size(), 0u);
  EXPECT_GT(emptied->reply.inode().attr().file_epoch(), opened.reply.inode().attr().file_epoch());
  EXPECT_GT(emptied->reply.inode().layout().generation(), opened.reply.inode().layout().generation());
  EXPECT_NE(ObjectOf(*emptied).mirror, ObjectOf(opened).mirror);
  LetDestroy();
  EXPECT_TRUE(OstOf(opened).tombstones.contains(ObjectOf(opened)));
  Put(*emptied, 100, clock.WallNs());
  EXPECT_EQ(Close(*emptied, 100, clock.WallNs()), Code::kOk);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 100u);
  ASSERT_TRUE(SyncWait(server->Truncate(TruncateOf(opened.reply.inode().fid(), 0))).ok());
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 0u);
}

TEST_F(Files, TruncateReplacesTheTailPageItWasMadeFor) {
  const Opened opened = Written("file", 5000);
  ASSERT_EQ(Close(opened, 5000), Code::kOk);
  v1::TruncateRequest request = TruncateOf(opened.reply.inode().fid(), 4500);
  EXPECT_EQ(SyncWait(server->Truncate(request)).code(), Code::kInvalid) << "a cut inside a page needs the page";
  request.set_tail_page(std::string(kPageBytes, 'c'));
  request.set_tail_digest(FakeOss::Digest("another"));
  *request.mutable_header() = Header(session);
  EXPECT_EQ(SyncWait(server->Truncate(request)).code(), Code::kLostRace);
  EXPECT_FALSE(kv->Seek(kIntentFamily, {})->Valid());
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 5000u);
  request.set_tail_digest(FakeOss::Digest("page"));
  *request.mutable_header() = Header(session);
  auto done = SyncWait(server->Truncate(request));
  ASSERT_TRUE(done.ok()) << done.status().ToString();
  EXPECT_EQ(done->inode().attr().size(), 4500u);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size_state(), v1::SIZE_EXACT);
  EXPECT_EQ(OstOf(opened).objects[ObjectOf(opened)].size, 4500u);
  request.mutable_header()->set_resent(true);
  EXPECT_EQ(SyncWait(server->Truncate(request))->header().transno(), done->header().transno());
  EXPECT_EQ(OstOf(opened).set_sizes, 2);
}

TEST_F(Files, TruncateSetsEveryObjectOfAStripedFile) {
  v1::OpenRequest wide = OpenOf(Root(), "wide", true, true);
  wide.mutable_hint()->set_stripe_count(3);
  wide.mutable_hint()->set_stripe_bytes(64 * kKiB);
  const Opened opened = *Open(wide);
  ASSERT_EQ(Close(opened, 0), Code::kOk);
  ASSERT_TRUE(SyncWait(server->Truncate(TruncateOf(opened.reply.inode().fid(), 200 * kKiB))).ok());
  EXPECT_EQ(OstOf(opened, 0).objects[ObjectOf(opened, 0)].size, 72 * kKiB);
  EXPECT_EQ(OstOf(opened, 1).objects[ObjectOf(opened, 1)].size, 64 * kKiB);
  EXPECT_EQ(OstOf(opened, 2).objects[ObjectOf(opened, 2)].size, 64 * kKiB);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 200 * kKiB);
}

TEST_F(Files, TruncateChecksWhatItIsGiven) {
  const Opened opened = Written("file", 5000);
  const v1::Fid fid = opened.reply.inode().fid();
  const auto truncate = [&](auto change) {
    v1::TruncateRequest request = TruncateOf(fid, 100);
    change(request);
    return SyncWait(server->Truncate(request)).code();
  };
  EXPECT_EQ(truncate([](auto& r) { r.set_size(~uint64_t{0}); }), Code::kTooLarge);
  EXPECT_EQ(truncate([](auto& r) { r.set_tail_page("short"); }), Code::kInvalid);
  EXPECT_EQ(truncate([](auto& r) { r.set_tail_page(std::string(kPageBytes, 'x')); }), Code::kInvalid);
  EXPECT_EQ(truncate([](auto& r) { r.set_tail_digest("short"); }), Code::kInvalid);
  EXPECT_EQ(truncate([](auto& r) { r.set_tail_meta("m"); }), Code::kUnsupported);
  EXPECT_EQ(truncate([](auto& r) { *r.mutable_fid() = ToWire(kRootFid); }), Code::kIsDirectory);
  EXPECT_EQ(truncate([](auto& r) { *r.mutable_fid() = v1::Fid(); }), Code::kStale);
}

TEST_F(Files, PunchMakesHolesAndChecksItsEdges) {
  const Opened opened = Create(Root(), "file");
  for (uint64_t page = 0; page < 6; ++page) {
    OstOf(opened).Write(ObjectOf(opened), page, "p" + std::to_string(page), (page + 1) * kPageBytes, clock.WallNs());
  }
  ASSERT_EQ(Close(opened, 6 * kPageBytes), Code::kOk);
  v1::PunchFileRequest request;
  const auto punch = [&] {
    *request.mutable_header() = Header(session);
    return SyncWait(server->Punch(request)).code();
  };
  *request.mutable_fid() = opened.reply.inode().fid();
  EXPECT_EQ(punch(), Code::kInvalid) << "nothing to do";
  request.set_first_page(2);
  request.set_page_count(~uint64_t{0});
  EXPECT_EQ(punch(), Code::kTooLarge);
  request.set_page_count(2);
  auto* edge = request.add_edges();
  edge->set_page(3);
  edge->set_ciphertext(std::string(kPageBytes, 'e'));
  edge->set_digest(FakeOss::Digest("nope"));
  EXPECT_EQ(punch(), Code::kInvalid) << "an edge inside";
  edge->set_page(4);
  EXPECT_EQ(punch(), Code::kLostRace);
  edge->set_digest(FakeOss::Digest("p4"));
  EXPECT_EQ(punch(), Code::kOk);
  const auto& digests = OstOf(opened).objects[ObjectOf(opened)].digests;
  EXPECT_FALSE(digests.contains(2));
  EXPECT_FALSE(digests.contains(3));
  EXPECT_EQ(digests.at(4), FakeOss::Digest(std::string(kPageBytes, 'e')));
  const v1::Attr attr = *Stat(opened.reply.inode().fid());
  EXPECT_EQ(attr.size(), 6 * kPageBytes);
  EXPECT_EQ(attr.blocks(), 4u * 8);
}

TEST_F(Files, TimesThatAreSetStayBeforeOlderWrites) {
  const Opened opened = Written("file", 5000, clock.WallNs() + 1000);
  const v1::Fid fid = opened.reply.inode().fid();
  v1::SetAttrRequest request;
  *request.mutable_header() = Header(session);
  *request.mutable_fid() = fid;
  request.set_set_mtime(true);
  request.set_mtime_ns(-5);
  auto set = SyncWait(server->SetAttr(request));
  ASSERT_TRUE(set.ok()) << set.status().ToString();
  EXPECT_EQ(set->inode().attr().mtime_ns(), -5);
  EXPECT_EQ(Stat(fid)->mtime_ns(), -5) << "the objects' time is older than the setting";
  EXPECT_GT(Stat(fid)->file_epoch(), opened.reply.inode().attr().file_epoch());
  Put(opened, 6000, clock.WallNs() + 2000);
  EXPECT_EQ(Stat(fid)->mtime_ns(), clock.WallNs() + 2000) << "a later write moves it";
}

TEST_F(Files, CloseMaySetTimes) {
  const Opened opened = Written("file", 5000);
  v1::CloseRequest request = CloseOf(opened, 5000, clock.WallNs());
  request.mutable_items(0)->set_has_times(true);
  request.mutable_items(0)->set_set_mtime_ns(12345);
  request.mutable_items(0)->set_set_atime_ns(777);
  ASSERT_TRUE(SyncWait(server->Close(request)).ok());
  EXPECT_EQ(Stat(opened.reply.inode().fid())->mtime_ns(), 12345);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->atime_ns(), 777);
  EXPECT_EQ(Stat(opened.reply.inode().fid())->size(), 5000u);
}

}  // namespace
}  // namespace nacre
