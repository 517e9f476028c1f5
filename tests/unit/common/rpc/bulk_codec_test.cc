#include "common/rpc/bulk_codec.h"

#include <grpcpp/support/slice.h>
#include <gtest/gtest.h>

#include "common/base/random.h"

namespace nacre {
namespace {

grpc::ByteBuffer BufferOf(const std::string& bytes, size_t cut) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += cut) slices.emplace_back(bytes.substr(at, cut));
  return grpc::ByteBuffer(slices.data(), slices.size());
}
std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const auto& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}
std::string PagesOf(const CipherRunPtr& run) {
  std::string bytes;
  for (ByteView piece : run->pieces()) bytes.append(AsText(piece));
  return bytes;
}
v1::WriteRequest SomeWrite(size_t pages) {
  v1::WriteRequest request;
  request.mutable_header()->set_offset(8192);
  request.mutable_header()->set_page_count(static_cast<uint32_t>(pages));
  request.mutable_header()->set_encrypted(true);
  std::string bytes(pages * kPageBytes, '\0');
  SeededRandom random(3);
  random.Fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  request.set_pages(bytes);
  return request;
}

// What protobuf itself writes is read, however gRPC has cut it.
TEST(BulkCodec, ReadsAnOrdinaryProtobufMessageInPiecesOfAnySize) {
  const v1::WriteRequest request = SomeWrite(5);
  for (size_t cut : {size_t{1}, size_t{7}, size_t{4096}, size_t{8192}, size_t{100000}}) {
    const auto call = DecodeWrite(BufferOf(request.SerializeAsString(), cut));
    ASSERT_TRUE(call.ok()) << call.status().ToString();
    EXPECT_EQ(call->header.SerializeAsString(), request.header().SerializeAsString());
    ASSERT_NE(call->run, nullptr);
    EXPECT_EQ(call->run->page_count(), 5u);
    EXPECT_TRUE(call->run->encrypted());
    EXPECT_EQ(PagesOf(call->run), request.pages());
  }
}

// And what we write, protobuf reads.
TEST(BulkCodec, WritesAnOrdinaryProtobufMessage) {
  const v1::WriteRequest request = SomeWrite(3);
  const auto call = DecodeWrite(BufferOf(request.SerializeAsString(), 4096));
  ASSERT_TRUE(call.ok());
  v1::WriteRequest again;
  ASSERT_TRUE(again.ParseFromString(BytesOf(EncodeWrite(call->header, call->run))));
  EXPECT_EQ(again.SerializeAsString(), request.SerializeAsString());
}

TEST(BulkCodec, CarriesAReadOfNothingButHoles) {
  ObjectPages pages;
  pages.header.set_page_count(4);
  pages.header.add_holes()->set_count(4);
  const auto back = DecodeReadReply(EncodeReadReply(pages));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->run, nullptr);
  EXPECT_EQ(back->header.SerializeAsString(), pages.header.SerializeAsString());
}

TEST(BulkCodec, RefusesHostileBytes) {
  const std::string good = SomeWrite(1).SerializeAsString();
  auto code = [](const std::string& bytes) { return DecodeWrite(BufferOf(bytes, 1000)).code(); };
  EXPECT_EQ(code(good), Code::kOk);
  EXPECT_EQ(code(good + good), Code::kInvalid);                              // repeated
  EXPECT_EQ(code(good.substr(0, good.size() - 1)), Code::kInvalid);          // cut short
  EXPECT_EQ(code(good + "x"), Code::kInvalid);                               // trailing bytes
  EXPECT_EQ(code(std::string("\x1a\x03" "abc", 5)), Code::kInvalid);         // not whole pages
  EXPECT_EQ(code("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Code::kInvalid);  // length beyond everything
  EXPECT_EQ(code(std::string(20, '\xff')), Code::kInvalid);
  EXPECT_EQ(code(std::string("\x0a\x02\xff\xff", 4)), Code::kInvalid);       // header is no message
  SeededRandom random(99);
  for (int round = 0; round < 5000; ++round) {                               // never a crash, whatever is flipped
    std::string bytes = good.substr(0, 64 + random.Below(64));
    char& hit = bytes[random.Below(bytes.size())];
    hit = static_cast<char>(hit ^ (1U << random.Below(8)));
    DecodeWrite(BufferOf(bytes, 1 + random.Below(50))).ok();
  }
}

}  // namespace
}  // namespace nacre
