// A full disk below the metadata server: nothing new is made, and everything else goes on, so that room can be made.
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

TEST(Room, ComesBackOnlyWithSomeMoreThanTheReserve) {
  Room room(100 * kMiB);
  EXPECT_FALSE(room.Measure(100 * kMiB));
  EXPECT_TRUE(room.Check().ok());
  EXPECT_TRUE(room.Measure(100 * kMiB - 1));
  EXPECT_EQ(room.Check().code(), Code::kNoSpace);
  EXPECT_FALSE(room.Measure(std::nullopt)) << "nobody can tell";
  EXPECT_FALSE(room.Measure(124 * kMiB));
  EXPECT_TRUE(room.full());
  EXPECT_TRUE(room.Measure(125 * kMiB));
  EXPECT_FALSE(room.full());
}

class FullDisk : public MdsRig {
 protected:
  static constexpr uint64_t kPlenty = kGiB;
  void Fill() {
    free_bytes = 1 * kMiB;
    Tick(std::chrono::seconds(1));
  }
  v1::SetXattrRequest XattrOf(const v1::Fid& fid, bool remove) {
    v1::SetXattrRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = fid;
    request.mutable_xattr()->set_name("user.a");
    if (!remove) request.mutable_xattr()->set_value("value");
    request.set_remove(remove);
    return request;
  }
  Code SetXattr(const v1::Fid& fid, bool remove) { return SyncWait(server->SetXattr(XattrOf(fid, remove))).code(); }
};

TEST_F(FullDisk, NothingNewIsMadeUntilThereIsRoom) {
  const v1::Fid file = File(Root(), "file");
  Fill();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("256 MiB"), std::string::npos) << notices[0];
  EXPECT_EQ(Make(Root(), "dir").code(), Code::kNoSpace);
  EXPECT_EQ(Make(Root(), "symlink", v1::FILE_TYPE_SYMLINK).code(), Code::kNoSpace);
  EXPECT_EQ(Open(OpenOf(Root(), "new", true, true)).code(), Code::kNoSpace);
  EXPECT_EQ(Link(file, Root(), "link"), Code::kNoSpace);
  EXPECT_EQ(SetXattr(file, false), Code::kNoSpace);
  free_bytes = kPlenty;
  Tick(std::chrono::seconds(1));
  EXPECT_TRUE(Make(Root(), "dir").ok());
  EXPECT_EQ(Link(file, Root(), "link"), Code::kOk);
  EXPECT_EQ(SetXattr(file, false), Code::kOk);
}

TEST_F(FullDisk, WhatIsThereIsReadChangedAndRemoved) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  const Opened opened = Create(Root(), "file");
  ASSERT_EQ(SetXattr(opened.reply.inode().fid(), false), Code::kOk);
  Fill();
  EXPECT_TRUE(Open(OpenOf(Root(), "file", false, true)).ok()) << "to write to what is there";
  EXPECT_TRUE(Open(OpenOf(Root(), "file", true, true)).ok()) << "also with O_CREAT";
  EXPECT_EQ(SetXattr(opened.reply.inode().fid(), false), Code::kOk) << "no longer than before";
  EXPECT_EQ(SetXattr(opened.reply.inode().fid(), true), Code::kOk);
  EXPECT_EQ(Rename(Root(), "file", In(dir), "moved"), Code::kOk);
  EXPECT_EQ(Close(opened, 0), Code::kOk);
  EXPECT_TRUE(SyncWait(server->Truncate(TruncateOf(opened.reply.inode().fid(), 0))).ok());
  EXPECT_TRUE(Unlink(In(dir), "moved").ok());
  EXPECT_TRUE(Unlink(Root(), "dir", true).ok());
  EXPECT_NE(NewSession(), 0u) << "whoever wants to remove something";
}

// It had been answered.
TEST_F(FullDisk, AReplayIsTaken) {
  const v1::MakeRequest make = MakeOf(Root(), "dir");
  const auto made = SyncWait(server->Make(make));
  ASSERT_TRUE(made.ok());
  free_bytes = 0;
  CrashServerAwaited();
  ComeBack();
  v1::MakeRequest again = make;
  again.mutable_header()->set_replay(true);
  again.mutable_header()->set_transno(made->header().transno());
  again.mutable_header()->set_replay_time_ns(made->header().time_ns());
  EXPECT_TRUE(SyncWait(server->Make(again)).ok());
  const auto ended = EndReplay(session);
  ASSERT_TRUE(ended->has_value() && (*ended)->ok());
  EXPECT_TRUE(Lookup(Root(), "dir").ok());
  EXPECT_EQ(Make(Root(), "new").code(), Code::kNoSpace);
}

}  // namespace
}  // namespace nacre
