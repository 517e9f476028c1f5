#include "client/agent/agent_protocol.h"

#include <sodium.h>

#include <cstring>
#include <new>
#include <utility>

namespace nacre::agent {

MessageBuffer::MessageBuffer(size_t capacity) : capacity_(capacity) {
  NACRE_CHECK(sodium_init() >= 0, "libsodium does not start");
  bytes_ = static_cast<uint8_t*>(sodium_malloc(capacity));
  NACRE_CHECK(bytes_ != nullptr, "no guarded memory for a message");
}

MessageBuffer::~MessageBuffer() { sodium_free(bytes_); }

MessageBuffer::MessageBuffer(MessageBuffer&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)),
      capacity_(std::exchange(other.capacity_, 0)),
      size_(std::exchange(other.size_, 0)) {}

MessageBuffer& MessageBuffer::operator=(MessageBuffer&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(capacity_, other.capacity_);
  std::swap(size_, other.size_);
  return *this;
}

void MessageBuffer::Grow(size_t count) {
  NACRE_CHECK(count <= capacity_ - size_, "a message outgrows its buffer");
  size_ += count;
}

void MessageBuffer::Append(ByteView bytes) {
  NACRE_CHECK(bytes.size() <= capacity_ - size_, "a message outgrows its buffer");
  if (!bytes.empty()) std::memcpy(bytes_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void MessageBuffer::Clear() {
  sodium_memzero(bytes_, size_);
  size_ = 0;
}

namespace {

void AppendLength(MessageBuffer& out, size_t body_bytes) {
  std::string length;
  AppendBigEndian32(length, static_cast<uint32_t>(body_bytes));
  out.Append(AsBytes(length));
}

bool IsKnown(uint8_t operation) {
  return operation >= static_cast<uint8_t>(Operation::kAdd) && operation <= static_cast<uint8_t>(Operation::kRemoveAll);
}

Status Broken(const char* what) { return Status(Code::kInvalid, std::string("agent message: ") + what); }

}  // namespace

MessageBuffer EncodeRequest(const Request& request) {
  NACRE_CHECK(request.fsid.size() <= kFsidBytesMax && request.key.size() <= SecretKey::kBytesMax, "request too large");
  const size_t body_bytes = 3 + request.fsid.size() + request.identifier.size() + 1 + request.key.size();
  MessageBuffer out(kLengthBytes + body_bytes);
  AppendLength(out, body_bytes);
  out.Append(kProtocolVersion);
  out.Append(static_cast<uint8_t>(request.operation));
  out.Append(static_cast<uint8_t>(request.fsid.size()));
  out.Append(AsBytes(request.fsid));
  out.Append(ByteView(request.identifier));
  out.Append(static_cast<uint8_t>(request.key.size()));
  out.Append(request.key);
  return out;
}

MessageBuffer EncodeReply(Code code, ByteView payload) {
  const size_t body_bytes = 3 + payload.size();
  NACRE_CHECK(body_bytes <= kReplyBodyBytesMax, "reply too large");
  MessageBuffer out(kLengthBytes + body_bytes);
  AppendLength(out, body_bytes);
  out.Append(kProtocolVersion);
  std::string number;
  AppendBigEndian16(number, static_cast<uint16_t>(code));
  out.Append(AsBytes(number));
  out.Append(payload);
  return out;
}

Result<Request> ParseRequest(ByteView body) {
  if (body.size() < 3 || body.size() > kRequestBodyBytesMax) return Broken("wrong length");
  if (body[0] != kProtocolVersion) return Broken("unknown version");
  if (!IsKnown(body[1])) return Broken("unknown operation");
  Request request;
  request.operation = static_cast<Operation>(body[1]);
  const size_t fsid_bytes = body[2];
  body = body.subspan(3);
  if (fsid_bytes == 0 || fsid_bytes > kFsidBytesMax) return Broken("fsid of no length or too long");
  if (body.size() < fsid_bytes + request.identifier.size() + 1) return Broken("cut off");
  request.fsid = ToString(body.first(fsid_bytes));
  body = body.subspan(fsid_bytes);
  std::memcpy(request.identifier.data(), body.data(), request.identifier.size());
  body = body.subspan(request.identifier.size());
  const size_t key_bytes = body[0];
  request.key = body.subspan(1);
  if (request.key.size() != key_bytes) return Broken("key length does not fit");
  const bool wants_key = request.operation == Operation::kAdd;
  if (wants_key && (key_bytes < SecretKey::kBytesMin || key_bytes > SecretKey::kBytesMax)) return Broken("no such key size");
  if (!wants_key && key_bytes != 0) return Broken("a key where none belongs");
  return request;
}

Result<Reply> ParseReply(ByteView body) {
  if (body.size() < 3 || body.size() > kReplyBodyBytesMax) return Broken("wrong length");
  if (body[0] != kProtocolVersion) return Broken("unknown version");
  const int number = LoadBigEndian16(body.data() + 1);
  if (!IsKnownCode(number)) return Broken("unknown code");
  return Reply{.code = static_cast<Code>(number), .payload = body.subspan(3)};
}

}  // namespace nacre::agent
