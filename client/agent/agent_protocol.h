// What is said on the agent's socket. One request, one reply, any number of pairs on a connection; all numbers big-endian.
//
//   message := length u32 (of what follows, 1..kBodyBytesMax) body
//   request := version u8 operation u8 fsid_bytes u8 fsid key_identifier[16] key_bytes u8 key
//   reply   := version u8 code u16 (common/base/status.h) payload
//   payload := kFind: the key | kList: key_identifier[16]* | else nothing
//
// kList, kRemoveAll carry a zero identifier; only kAdd carries a key. A message that breaks the grammar ends its
// connection. Pure functions over bytes; buffers that may hold a key are MessageBuffers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/crypto/secret_key.h"
#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/fs/encryption_context.h"

namespace nacre::agent {

constexpr uint8_t kProtocolVersion = 1;
constexpr size_t kLengthBytes = 4;
constexpr size_t kFsidBytesMax = 64;
constexpr size_t kKeysMax = 1000;  // held by one agent: kNoSpace beyond
constexpr size_t kRequestBodyBytesMax = 3 + kFsidBytesMax + 16 + 1 + SecretKey::kBytesMax;
constexpr size_t kReplyBodyBytesMax = 3 + 16 * kKeysMax;

enum class Operation : uint8_t {
  kAdd = 1,        // again: no error
  kFind = 2,       // kNoKey: not here
  kRemove = 3,     // kNoKey: was not here
  kList = 4,
  kRemoveAll = 5,  // of one filesystem; none is no error
};

// Bytes on their way through a socket: fixed capacity, in memory that is locked and wiped when it dies.
class MessageBuffer {
 public:
  explicit MessageBuffer(size_t capacity);
  ~MessageBuffer();
  MessageBuffer(MessageBuffer&& other) noexcept;
  MessageBuffer& operator=(MessageBuffer&& other) noexcept;

  MutableBytes all() { return {bytes_, capacity_}; }
  ByteView filled() const { return {bytes_, size_}; }
  MutableBytes room() { return {bytes_ + size_, capacity_ - size_}; }
  void Grow(size_t count);   // after count bytes were put at room()
  void Append(ByteView bytes);
  void Append(uint8_t byte) { Append(ByteView(&byte, 1)); }
  void Clear();              // wiped

 private:
  uint8_t* bytes_;
  size_t capacity_, size_ = 0;
};

struct Request {
  Operation operation = Operation::kList;
  std::string fsid;
  KeyIdentifier identifier{};
  ByteView key;  // into the buffer it was parsed from
};

// With the length in front, ready to be sent.
MessageBuffer EncodeRequest(const Request& request);
MessageBuffer EncodeReply(Code code, ByteView payload);

// Body only. kInvalid: breaks the grammar.
Result<Request> ParseRequest(ByteView body);
struct Reply {
  Code code = Code::kInternal;
  ByteView payload;
};
Result<Reply> ParseReply(ByteView body);

}  // namespace nacre::agent
