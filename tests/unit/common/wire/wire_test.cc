#include "common/wire/wire.h"

#include <gtest/gtest.h>

namespace nacre {
namespace {

v1::RequestHeader GoodHeader() {
  v1::RequestHeader header;
  header.set_protocol_version(kProtocolVersion);
  header.set_fsid(std::string(16, 'f'));
  header.set_client_id(std::string(16, 'c'));
  header.set_session(1);
  return header;
}
const std::string kFsid(16, 'f');

TEST(RequestHeader, IsAdmittedWhenItIsForUs) {
  EXPECT_TRUE(CheckRequestHeader(GoodHeader(), kFsid, FsidRule::kMustMatch).ok());
}

TEST(RequestHeader, IsRefusedForEachThingThatIsWrong) {
  auto refused = [](auto change, FsidRule rule = FsidRule::kMustMatch) {
    v1::RequestHeader header = GoodHeader();
    change(header);
    return CheckRequestHeader(header, kFsid, rule).code();
  };
  EXPECT_EQ(refused([](auto& h) { h.set_protocol_version(2); }), Code::kUnsupported);
  EXPECT_EQ(refused([](auto& h) { h.set_features(1); }), Code::kUnsupported);
  EXPECT_EQ(refused([](auto& h) { h.set_fsid("other"); }), Code::kInvalid);
  EXPECT_EQ(refused([](auto& h) { h.clear_fsid(); }), Code::kInvalid);
  EXPECT_EQ(refused([](auto& h) { h.clear_fsid(); }, FsidRule::kMayBeEmpty), Code::kOk);
  EXPECT_EQ(refused([](auto& h) { h.set_fsid("other"); }, FsidRule::kMayBeEmpty), Code::kInvalid);
  EXPECT_EQ(refused([](auto& h) { h.set_client_id("x"); }), Code::kInvalid);
  EXPECT_EQ(refused([](auto& h) { h.set_slot(256); }), Code::kInvalid);
  EXPECT_EQ(refused([](auto& h) { h.set_replay(true); }), Code::kUnsupported);
  EXPECT_EQ(refused([](auto& h) { h.set_transno(1); }), Code::kInvalid);
  EXPECT_EQ(refused([](auto& h) { h.add_versions_seen(1); }), Code::kUnsupported);
  EXPECT_EQ(refused([](auto& h) { h.set_trace_id("abc"); }), Code::kInvalid);
}

TEST(RequestHeader, OfAReplaySaysItsTransno) {
  v1::RequestHeader header = GoodHeader();
  header.set_replay(true);
  EXPECT_EQ(CheckRequestHeader(header, kFsid, FsidRule::kMustMatch, ReplayRule::kTaken).code(), Code::kInvalid);
  header.set_transno(uint64_t{1} << 40);
  EXPECT_TRUE(CheckRequestHeader(header, kFsid, FsidRule::kMustMatch, ReplayRule::kTaken).ok());
  EXPECT_EQ(CheckRequestHeader(header, kFsid, FsidRule::kMustMatch).code(), Code::kUnsupported);
}

TEST(Wire, LayoutsSurviveTheTrip) {
  const Layout layout = MakeStripedLayout(3, 128 * kKiB, {2, 0, 1});
  const auto back = FromWire(ToWire(layout));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, layout);
}

TEST(Wire, RefusesLayoutsAndObjectsThatMakeNoSense) {
  v1::Layout layout = ToWire(MakeStripedLayout(0, kMiB, {0}));
  // As a message of another version may hold it; an enum of proto3 is open.
  v1::Mirror& mirror = *layout.mutable_mirrors(0);
  v1::Mirror::GetReflection()->SetEnumValue(&mirror, v1::Mirror::descriptor()->FindFieldByName("state"), 77);
  EXPECT_EQ(FromWire(layout).code(), Code::kInvalid);
  v1::ObjectId id = ToWire(ObjectId{.fid = kRootFid});
  EXPECT_TRUE(FromWire(id).ok());
  id.set_component(0x10000);
  EXPECT_EQ(FromWire(id).code(), Code::kInvalid);
  EXPECT_EQ(FromWire(v1::ObjectId()).code(), Code::kInvalid);
}

TEST(Wire, AnErrorKeepsItsCodeAndAnUnknownCodeIsStillAnError) {
  v1::ReplyHeader header;
  EXPECT_TRUE(StatusOf(header).ok());
  SetStatus(header, Status(Code::kNoKey, "locked"));
  EXPECT_EQ(StatusOf(header).code(), Code::kNoKey);
  EXPECT_EQ(StatusOf(header).message(), "locked");
  header.set_code(4711);
  EXPECT_EQ(StatusOf(header).code(), Code::kIo);
}

}  // namespace
}  // namespace nacre
