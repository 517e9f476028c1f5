// Peers are hostile until checked: every malformed request gets an error, changes nothing, and the server lives on.
#include "tests/unit/oss/oss_world.h"

namespace nacre {
namespace {

class HostileRequests : public testing::Test {
 protected:
  template <typename Change>
  Code WriteWith(Change change, const std::string& bytes = PageOf(1), bool encrypted = true) {
    v1::WriteHeader header = world_.WriteOf(id_, 0, bytes);
    change(header);
    return world_.Run(world_.server->Write(header, RunOf(bytes, encrypted))).code();
  }
  template <typename Change>
  Code ReadWith(Change change) {
    v1::ReadRequest request = world_.ReadOf(id_, 0, 1);
    change(request);
    return world_.Run(world_.server->Read(request)).code();
  }
  void TearDown() override {
    EXPECT_FALSE(world_.Glimpse(id_).exists());
    EXPECT_TRUE(world_.Write(id_, 0, PageOf(1)).ok());
  }
  OssWorld world_;
  const ObjectId id_ = TestObject(0);
};

TEST_F(HostileRequests, WritesThatMakeNoSense) {
  EXPECT_EQ(WriteWith([](auto& h) { h.set_offset(1); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_offset(UINT64_MAX - 4095); }), Code::kTooLarge);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_offset((uint64_t{1} << 60)); }), Code::kTooLarge);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_page_count(0); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_page_count(2); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_page_count(UINT32_MAX); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_size_diff(4096); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_meta_length(16); }), Code::kUnsupported);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_capability("x"); }), Code::kUnsupported);
  EXPECT_EQ(WriteWith([](auto& h) { h.set_encrypted(false); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto&) {}, PageOf(1), false), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_first()->set_digest("short"); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_last()->set_digest(std::string(17, 'x')); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_first()->set_hole(false); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_object()->set_component(0x10000); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.clear_object(); }), Code::kInvalid);
  std::string large(1025 * kPageBytes, 'x');
  EXPECT_EQ(WriteWith([](auto&) {}, large), Code::kInvalid);
  EXPECT_EQ(world_.Run(world_.server->Write(world_.WriteOf(id_, 0, PageOf(1)), nullptr)).code(), Code::kInvalid);
}

TEST_F(HostileRequests, HeadersThatMakeNoSense) {
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_header()->set_protocol_version(2); }), Code::kUnsupported);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_header()->set_features(1); }), Code::kUnsupported);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_header()->set_fsid(std::string(16, 'x')); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_header()->clear_fsid(); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_header()->set_client_id("c"); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_header()->set_slot(256); }), Code::kInvalid);
  EXPECT_EQ(WriteWith([](auto& h) { h.mutable_header()->set_session(0); }), Code::kNotConnected);
  EXPECT_EQ(WriteWith([](auto& h) { h.clear_header(); }), Code::kUnsupported);
  EXPECT_EQ(ReadWith([](auto& r) { r.mutable_header()->set_session(0); }), Code::kNotConnected);
}

TEST_F(HostileRequests, ReadsThatMakeNoSense) {
  EXPECT_EQ(ReadWith([](auto& r) { r.set_page_count(0); }), Code::kInvalid);
  EXPECT_EQ(ReadWith([](auto& r) { r.set_page_count(1025); }), Code::kInvalid);
  EXPECT_EQ(ReadWith([](auto& r) { r.set_first_page(UINT64_MAX); }), Code::kTooLarge);
  EXPECT_EQ(ReadWith([](auto& r) { r.set_first_page((uint64_t{1} << 48) - 1), r.set_page_count(2); }), Code::kTooLarge);
  EXPECT_EQ(ReadWith([](auto& r) { r.set_capability("x"); }), Code::kUnsupported);
  EXPECT_EQ(ReadWith([](auto& r) { r.mutable_object()->set_stripe(2000); }), Code::kInvalid);
}

TEST_F(HostileRequests, OrdersThatMakeNoSense) {
  const auto set_size = [&](const auto& change) {
    v1::SetSizeRequest request = world_.SetSizeOf(id_, 100, 2);
    change(request);
    return world_.Run(world_.server->SetSize(request)).code();
  };
  EXPECT_EQ(set_size([](auto& r) { r.set_file_epoch(0); }), Code::kInvalid);
  EXPECT_EQ(set_size([](auto& r) { r.set_size(UINT64_MAX); }), Code::kTooLarge);
  EXPECT_EQ(set_size([](auto& r) { r.set_tail_page("short"); }), Code::kInvalid);
  EXPECT_EQ(set_size([](auto& r) { r.set_tail_meta("m"); }), Code::kUnsupported);
  EXPECT_EQ(set_size([](auto& r) { r.set_size(4096), r.set_tail_page(PageOf(1)); }), Code::kInvalid);
  EXPECT_EQ(set_size([](auto& r) { r.mutable_tail_condition()->set_digest("x"); }), Code::kInvalid);
  EXPECT_EQ(set_size([](auto& r) { r.mutable_header()->set_session(99); }), Code::kNotConnected);
  const auto punch = [&](const auto& change) {
    v1::PunchRequest request = world_.PunchOf(id_, 0, 1, 2);
    change(request);
    return world_.Run(world_.server->Punch(request)).code();
  };
  EXPECT_EQ(punch([](auto& r) { r.set_page_count(UINT64_MAX); }), Code::kTooLarge);
  EXPECT_EQ(punch([](auto& r) { r.set_first_page(UINT64_MAX); }), Code::kTooLarge);
  EXPECT_EQ(punch([](auto& r) { r.add_edges()->set_ciphertext("short"); }), Code::kInvalid);
  EXPECT_EQ(punch([](auto& r) { r.add_edges()->set_ciphertext(PageOf(1)); }), Code::kLostRace);  // behind the end
  EXPECT_EQ(punch([](auto& r) {
              for (int i = 0; i < 2; ++i) r.add_edges()->set_ciphertext(PageOf(1));
            }), Code::kInvalid);
  v1::GlimpseRequest many;
  *many.mutable_header() = world_.Header(0);
  for (int i = 0; i <= 10000; ++i) *many.add_items()->mutable_object() = ToWire(id_);
  EXPECT_EQ(world_.Run(world_.server->Glimpse(many)).code(), Code::kInvalid);
  v1::DestroyRequest nobody;
  *nobody.mutable_header() = world_.Header(0);
  nobody.add_objects();
  EXPECT_EQ(world_.Run(world_.server->Destroy(nobody)).code(), Code::kInvalid);
}

TEST(HostileClients, CannotMixPlainAndEncryptedPagesInOneObject) {
  OssWorld world;
  ASSERT_TRUE(world.Write(TestObject(0), 0, PageOf(1)).ok());
  auto header = world.WriteOf(TestObject(0), 0, PageOf(2));
  header.set_encrypted(false);
  EXPECT_EQ(world.Run(world.server->Write(header, RunOf(PageOf(2), false))).code(), Code::kInvalid);
  EXPECT_EQ(BytesOf(world.Read(TestObject(0), 0, 1)->run), PageOf(1));
}

}  // namespace
}  // namespace nacre
