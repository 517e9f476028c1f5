#include "client/agent/agent_protocol.h"

#include <gtest/gtest.h>

#include "client/agent/key_store.h"
#include "common/base/random.h"

namespace nacre::agent {
namespace {

const std::string kKey(64, 'k');

Request AddRequest() {
  return {.operation = Operation::kAdd, .fsid = "0123456789abcdef", .identifier = {1, 2, 3}, .key = AsBytes(kKey)};
}

ByteView Body(const MessageBuffer& message) { return message.filled().subspan(kLengthBytes); }

Code ServedCode(KeyStore& store, const Request& request) {
  const MessageBuffer message = store.Serve(request);
  return ParseReply(Body(message))->code;
}

TEST(AgentProtocol, ARequestComesBackAsItWas) {
  const MessageBuffer message = EncodeRequest(AddRequest());
  const Result<Request> parsed = ParseRequest(Body(message));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->fsid, "0123456789abcdef");
  EXPECT_EQ(parsed->identifier, AddRequest().identifier);
  EXPECT_EQ(ToString(parsed->key), kKey);
}

TEST(AgentProtocol, BytesOnTheSocketAreFrozen) {
  const MessageBuffer message = EncodeRequest({.operation = Operation::kFind, .fsid = "f", .identifier = {0xab}});
  EXPECT_EQ(ToHex(message.filled()), "00000015" "01" "02" "01" "66" "ab000000000000000000000000000000" "00");
  const MessageBuffer reply = EncodeReply(Code::kNoKey, {});
  EXPECT_EQ(ToHex(reply.filled()), "00000003" "01" "0008");
}

TEST(AgentProtocol, EveryCutOffRequestIsRefused) {
  const MessageBuffer message = EncodeRequest(AddRequest());
  const ByteView body = Body(message);
  for (size_t length = 0; length < body.size(); ++length) EXPECT_FALSE(ParseRequest(body.first(length)).ok()) << length;
}

TEST(AgentProtocol, TrailingBytesUnknownOperationsAndForeignKeysAreRefused) {
  const MessageBuffer message = EncodeRequest(AddRequest());
  const std::string good = ToString(Body(message));
  EXPECT_FALSE(ParseRequest(AsBytes(good + "x")).ok());
  for (int operation : {0, 6, 255}) {
    std::string bad = good;
    bad[1] = static_cast<char>(operation);
    EXPECT_FALSE(ParseRequest(AsBytes(bad)).ok()) << operation;
  }
  std::string key_with_find = good;
  key_with_find[1] = static_cast<char>(Operation::kFind);
  EXPECT_FALSE(ParseRequest(AsBytes(key_with_find)).ok());
  std::string no_fsid = good;
  no_fsid[2] = 0;
  EXPECT_FALSE(ParseRequest(AsBytes(no_fsid)).ok());
}

TEST(AgentProtocol, RandomBytesNeverBreakTheParsers) {
  SeededRandom random(20260101);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random.Below(200), '\0');
    random.Fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    if (!bytes.empty() && random.Below(2) == 0) bytes[0] = kProtocolVersion;
    (void)ParseRequest(AsBytes(bytes));
    (void)ParseReply(AsBytes(bytes));
  }
}

TEST(KeyStore, KeepsFilesystemsApart) {
  KeyStore store;
  EXPECT_EQ(ServedCode(store, AddRequest()), Code::kOk);
  EXPECT_EQ(ServedCode(store, {.operation = Operation::kFind, .fsid = "0123456789abcdef", .identifier = {1, 2, 3}}), Code::kOk);
  EXPECT_EQ(ServedCode(store, {.operation = Operation::kFind, .fsid = "other", .identifier = {1, 2, 3}}), Code::kNoKey);
  EXPECT_EQ(ServedCode(store, {.operation = Operation::kRemoveAll, .fsid = "other"}), Code::kOk);
  EXPECT_FALSE(store.empty());
  EXPECT_EQ(ServedCode(store, {.operation = Operation::kRemove, .fsid = "0123456789abcdef", .identifier = {1, 2, 3}}), Code::kOk);
  EXPECT_EQ(ServedCode(store, {.operation = Operation::kRemove, .fsid = "0123456789abcdef", .identifier = {1, 2, 3}}), Code::kNoKey);
  EXPECT_TRUE(store.empty());
}

TEST(KeyStore, ListsWhatFitsOneReplyAndTakesNoMore) {
  KeyStore store;
  Request request = AddRequest();
  for (size_t i = 0; i < kKeysMax; ++i) {
    request.identifier = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)};
    ASSERT_EQ(ServedCode(store, request), Code::kOk);
  }
  request.identifier = {0, 0, 1};
  EXPECT_EQ(ServedCode(store, request), Code::kNoSpace);
  const MessageBuffer list = store.Serve({.operation = Operation::kList, .fsid = request.fsid});
  EXPECT_EQ(ParseReply(Body(list))->payload.size(), kKeysMax * 16);
}

}  // namespace
}  // namespace nacre::agent
