// SymlinkCipher: the target of one symlink, in the kernel's stored form:
//
//   symlink := length ciphertext[length]      length: 16 bits, little-endian
//
// The target is NUL-padded like a name and encrypted under the symlink's own key. The kernel counts the two bytes of
// the length and one NUL (never stored) against the block of 4096, so its longest target is 4093 and padding stops
// there. We give the same bytes for all of these, and take targets up to the 4095 bytes that Linux allows elsewhere.
// Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/crypto/message_cipher.h"
#include "client/crypto/secret_key.h"
#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/fs/encryption_context.h"

namespace nacre {

constexpr size_t kSymlinkTargetBytesMax = 4095;
constexpr size_t kKernelSymlinkTargetBytesMax = 4093;
constexpr size_t kStoredSymlinkBytesMax = 2 + kSymlinkTargetBytesMax;

class SymlinkCipher {
 public:
  // names_key: of this symlink, KeyDerivation::NamesKey with the nonce of its own context.
  SymlinkCipher(SecretKey names_key, const EncryptionPolicy& policy);

  // kNotFound for the empty target (as symlink(2)), kNameTooLong above kSymlinkTargetBytesMax, kInvalid with a NUL in
  // it.
  Result<std::string> EncryptTarget(std::string_view clear_target) const;
  // kIntegrity for bytes that no EncryptTarget made.
  Result<std::string> DecryptTarget(ByteView stored) const;

 private:
  const MessageCipher cipher_;
  const size_t padding_bytes_;
};

}  // namespace nacre
