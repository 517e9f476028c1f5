// Setuid and setgid: who writes a file and is not root takes them away, before the content can be another. While they
// are there, somebody may run it in the name of the file's owner.
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

constexpr uint32_t kSomebody = 65534;

class SetId : public MdsRig {
 protected:
  // A closed file of root's that everybody may write and run, and that runs under root's ids.
  v1::Fid Made(const std::string& name, uint32_t mode = 06777) {
    const Opened opened = Create(Root(), name);
    OstOf(opened).Write(ObjectOf(opened), 0, "page", 10, clock.WallNs());
    EXPECT_EQ(Close(opened, 10, clock.WallNs()), Code::kOk);
    EXPECT_EQ(SetMode(opened.reply.inode().fid(), mode), Code::kOk);
    return opened.reply.inode().fid();
  }
  // By root.
  Code SetMode(const v1::Fid& fid, uint32_t mode) {
    const uint32_t before = std::exchange(uid, 0);
    v1::SetAttrRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = fid;
    request.set_set_mode(true);
    request.set_mode(mode);
    uid = before;
    return SyncWait(server->SetAttr(request)).code();
  }
  Opened Write(const std::string& name) {
    auto opened = Open(OpenOf(Root(), name, false, true));
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return *opened;
  }
  uint32_t ModeOf(const v1::Fid& fid) { return Stat(fid)->mode(); }
};

TEST_F(SetId, AnOpenForWritingTakesItAwayAndOneForReadingDoesNot) {
  const v1::Fid fid = Made("file"), locking = Made("locking", 02666);
  EXPECT_EQ(Write("file").reply.inode().attr().mode(), 06777u) << "by root";
  uid = kSomebody;
  ASSERT_TRUE(Open(OpenOf(Root(), "file", false, false)).ok());
  EXPECT_EQ(ModeOf(fid), 06777u);
  clock.now_ns += 5;
  EXPECT_EQ(Write("file").reply.inode().attr().mode(), 0777u) << "also when the size is on the objects already";
  EXPECT_EQ(Stat(fid)->ctime_ns(), clock.WallNs());
  EXPECT_EQ(ModeOf(fid), 0777u);
  Write("locking");
  EXPECT_EQ(ModeOf(locking), 02666u) << "without a right to run it, setgid means something else";
}

TEST_F(SetId, TheOwnersOpenTakesItAwayToo) {
  const v1::Fid fid = Made("file");
  v1::SetAttrRequest given;
  *given.mutable_header() = Header(session);
  *given.mutable_fid() = fid;
  given.set_set_uid(true);
  given.set_uid(kSomebody);
  given.set_set_mode(true);
  given.set_mode(04755);
  ASSERT_TRUE(SyncWait(server->SetAttr(given)).ok());
  uid = kSomebody;
  EXPECT_EQ(Write("file").reply.inode().attr().mode(), 0755u);
}

TEST_F(SetId, ARefusedOpenTakesNothingAway) {
  const v1::Fid fid = Made("file", 06755);
  uid = kSomebody;
  EXPECT_EQ(Open(OpenOf(Root(), "file", false, true)).code(), Code::kAccessDenied);
  EXPECT_EQ(ModeOf(fid), 06755u);
}

TEST_F(SetId, ThatItIsGoneIsStableBeforeAnybodyWrites) {
  const v1::Fid fid = Made("file");
  Write("file");  // by root: the size is on the objects, nothing else would be changed
  Commit();
  io.hold = true;
  uid = kSomebody;
  auto opened = Begin(server->Open(OpenOf(Root(), "file", false, true)));
  EXPECT_FALSE(opened->has_value());
  io.LetGo();
  EXPECT_TRUE(opened->has_value());
  io.hold = false;
  CrashServer();
  Join();
  EXPECT_EQ(ModeOf(fid), 0777u);
}

TEST_F(SetId, WhatIsMadeWithItAndNotWrittenKeepsIt) {
  v1::SetAttrRequest root;
  *root.mutable_header() = Header(session);
  *root.mutable_fid() = ToWire(kRootFid);
  root.set_set_mode(true);
  root.set_mode(0777);
  ASSERT_TRUE(SyncWait(server->SetAttr(root)).ok());
  uid = kSomebody;
  v1::OpenRequest request = OpenOf(Root(), "file", true, true);
  request.set_mode(04755);
  const auto opened = Open(request);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->reply.inode().attr().mode(), 04755u);
  EXPECT_EQ(Close(*opened, 0), Code::kOk);
  EXPECT_EQ(ModeOf(opened->reply.inode().fid()), 04755u);
}

// Somebody gave it to the file while it was open for writing.
TEST_F(SetId, AWritersReportTakesItAway) {
  const v1::Fid fid = Made("file", 0777);
  uid = kSomebody;
  const Opened idle = Write("file"), wrote = Write("file");
  ASSERT_EQ(SetMode(fid, 06777), Code::kOk);
  EXPECT_EQ(Close(idle, 10), Code::kOk);
  EXPECT_EQ(ModeOf(fid), 06777u) << "it wrote nothing";
  io.hold = true;
  auto closed = Begin(server->Close(CloseOf(wrote, 20, clock.WallNs())));
  EXPECT_FALSE(closed->has_value()) << "not before it is stable";
  io.LetGo();
  ASSERT_TRUE(closed->has_value());
  io.hold = false;
  EXPECT_EQ(ModeOf(fid), 0777u);

  const Opened unsure = Write("file");
  ASSERT_EQ(SetMode(fid, 06777), Code::kOk);
  EXPECT_EQ(Close(unsure), Code::kOk);
  EXPECT_EQ(ModeOf(fid), 0777u) << "what came of its writes it does not know";
  uid = 0;
  const Opened roots = Write("file");
  ASSERT_EQ(SetMode(fid, 06777), Code::kOk);
  EXPECT_EQ(Close(roots, 30, clock.WallNs()), Code::kOk);
  EXPECT_EQ(ModeOf(fid), 06777u);
}

TEST_F(SetId, AWriterThatIsGoneTakesItAway) {
  const v1::Fid fid = Made("file", 0777);
  uid = kSomebody;
  Write("file");
  ASSERT_EQ(SetMode(fid, 06777), Code::kOk);
  Tick(MdsOptions().session_silent_max + std::chrono::seconds(1));
  Tick(std::chrono::seconds(1));
  Join();
  EXPECT_EQ(ModeOf(fid), 0777u) << "it may have written, and told nobody";
}

TEST_F(SetId, ATruncateOrPunchTakesItAwayBeforeTheFirstObjectIsAsked) {
  const v1::Fid cut = Made("cut"), punched = Made("punched"), emptied = Made("emptied");
  const Opened open = Write("emptied");  // somebody else: it is emptied through its objects
  Commit();
  for (const auto& ost : osts.osts) ost->down = true;
  uid = kSomebody;
  auto first = Begin(server->Truncate(TruncateOf(cut, kPageBytes)));
  v1::PunchFileRequest punch;
  *punch.mutable_header() = Header(session);
  *punch.mutable_fid() = punched;
  punch.set_page_count(1);
  auto second = Begin(server->Punch(punch));
  v1::OpenRequest empty = OpenOf(Root(), "emptied", false, false);
  empty.set_truncate(true);
  auto third = Begin(server->Open(empty));
  EXPECT_FALSE(first->has_value() || second->has_value() || third->has_value());
  CrashServer();
  for (const auto& ost : osts.osts) ost->down = false;
  Join();
  timers.Fire();
  for (const v1::Fid& fid : {cut, punched, emptied}) EXPECT_EQ(ModeOf(fid), 0777u) << fid.DebugString();
}

}  // namespace
}  // namespace nacre
