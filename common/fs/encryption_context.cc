#include "common/fs/encryption_context.h"

#include <algorithm>
#include <cstring>

#include "common/base/hash.h"

namespace nacre {
namespace {
constexpr uint8_t kVersion2 = 2;
constexpr uint8_t kPaddingMask = 3;
constexpr size_t kIdentifierAt = 8, kNonceAt = 24;
constexpr size_t kContextHashBytes = 16;
}  // namespace

std::string EncodeContext(const EncryptionContext& context) {
  std::string out(kEncryptionContextBytes, '\0');
  out[0] = kVersion2;
  out[1] = static_cast<char>(context.policy.contents_mode);
  out[2] = static_cast<char>(context.policy.names_mode);
  out[3] = static_cast<char>(context.policy.padding_flag);
  std::memcpy(&out[kIdentifierAt], context.policy.key_identifier.data(), 16);
  std::memcpy(&out[kNonceAt], context.nonce.data(), 16);
  return out;
}

Result<EncryptionContext> DecodeContext(ByteView bytes) {
  if (bytes.size() != kEncryptionContextBytes) return Status(Code::kInvalid, "encryption context is not 40 bytes");
  if (bytes[0] != kVersion2) return Status(Code::kInvalid, "encryption context is not version 2");
  const auto contents = static_cast<ContentsMode>(bytes[1]);
  const auto names = static_cast<NamesMode>(bytes[2]);
  if (contents != ContentsMode::kAes256Xts) return Status(Code::kInvalid, "contents mode not known");
  if (names != NamesMode::kAes256Cts && names != NamesMode::kAes256Hctr2) {
    return Status(Code::kInvalid, "names mode not known");
  }
  if ((bytes[3] & ~kPaddingMask) != 0) return Status(Code::kInvalid, "policy flags not known");
  // log2_data_unit_size: 0 means the filesystem's block, ours is the page.
  if (bytes[4] != 0 || bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0) {
    return Status(Code::kInvalid, "reserved bytes of the encryption context are not zero");
  }
  EncryptionContext context;
  context.policy = {.contents_mode = contents, .names_mode = names, .padding_flag = bytes[3], .key_identifier = {}};
  std::copy_n(bytes.begin() + kIdentifierAt, 16, context.policy.key_identifier.begin());
  std::copy_n(bytes.begin() + kNonceAt, 16, context.nonce.begin());
  return context;
}

std::string ContextHash(ByteView context_bytes) {
  if (context_bytes.empty()) return {};
  return ToString(ByteView(Sha256(context_bytes)).first(kContextHashBytes));
}

Inheritance CheckInheritance(ByteView parent_context, ByteView child_context) {
  if (parent_context.empty()) return child_context.empty() ? Inheritance::kFits : Inheritance::kOtherPolicy;
  if (child_context.empty()) return Inheritance::kMissing;
  const auto parent = DecodeContext(parent_context), child = DecodeContext(child_context);
  if (!parent.ok() || !child.ok() || !(parent->policy == child->policy)) return Inheritance::kOtherPolicy;
  return Inheritance::kFits;
}

}  // namespace nacre
