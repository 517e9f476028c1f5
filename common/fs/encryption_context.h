// EncryptionContext: the 40 bytes that stand on every encrypted inode, Linux's struct fscrypt_context_v2
// (include/uapi/linux/fscrypt.h, fs/crypto/fscrypt_private.h). Servers store it, compare it and hand it out; it tells
// which master key and which modes, never a key. Pure values.
//
//   context := version=2 contents_mode names_mode flags log2_data_unit_size reserved[3]=0 key_identifier[16] nonce[16]
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/status.h"

namespace nacre {

enum class ContentsMode : uint8_t { kAes256Xts = 1 };
enum class NamesMode : uint8_t { kAes256Cts = 4, kAes256Hctr2 = 10 };

using KeyIdentifier = std::array<uint8_t, 16>;
using Nonce = std::array<uint8_t, 16>;

// What a directory and everything below it have in common: a context without its nonce.
struct EncryptionPolicy {
  ContentsMode contents_mode = ContentsMode::kAes256Xts;
  NamesMode names_mode = NamesMode::kAes256Cts;
  uint8_t padding_flag = 3;  // names are padded to 4 << padding_flag bytes: 4, 8, 16 or 32
  KeyIdentifier key_identifier{};

  size_t padding_bytes() const { return size_t{4} << padding_flag; }
  friend bool operator==(const EncryptionPolicy&, const EncryptionPolicy&) = default;
};

constexpr size_t kEncryptionContextBytes = 40;
constexpr size_t kContextBytesMax = 64;  // what the formats leave room for (integrity policies)

struct EncryptionContext {
  EncryptionPolicy policy;
  Nonce nonce{};
  friend bool operator==(const EncryptionContext&, const EncryptionContext&) = default;
};

std::string EncodeContext(const EncryptionContext& context);  // the 40 bytes
// kInvalid for any length, version, mode, flag or reserved byte that this version does not know.
Result<EncryptionContext> DecodeContext(ByteView bytes);

// What a request with a name carries to say which policy it was made for: empty for "none", else the first 16 bytes of
// SHA-256 over the parent's context.
std::string ContextHash(ByteView context_bytes);

// The inheritance rule (DESIGN §4), checked by the MDS from contexts alone: below a directory with a policy, every
// regular file, directory and symlink has that policy, with its own nonce; below a plain one, create makes plain ones.
// parent and child are encoded contexts, empty for none.
enum class Inheritance { kFits, kMissing, kOtherPolicy };
Inheritance CheckInheritance(ByteView parent_context, ByteView child_context);

}  // namespace nacre
