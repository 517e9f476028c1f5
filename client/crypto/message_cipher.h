// MessageCipher: the length-preserving cipher under names and symlink targets. One message of 16 bytes or more, IV all
// zero, so the same text under the same key gives the same bytes: what lookup by encrypted name needs. Any thread.
//   AES-256-CBC-CTS: CBC with ciphertext stealing, form CS3 (SP 800-38A addendum); one block alone is plain CBC.
//   AES-256-HCTR2:   tweak of 32 zero bytes, the size that the kernel gives it.
#pragma once

#include <optional>

#include "client/crypto/hctr2.h"
#include "client/crypto/secret_key.h"
#include "common/base/bytes.h"
#include "common/fs/encryption_context.h"

namespace nacre {

class MessageCipher {
 public:
  static constexpr size_t kMessageBytesMin = 16;

  // names_key: 32 bytes, KeyDerivation::NamesKey.
  MessageCipher(SecretKey names_key, NamesMode mode);
  // In place; message.size() >= kMessageBytesMin.
  void Encrypt(MutableBytes message) const;
  void Decrypt(MutableBytes message) const;

 private:
  const SecretKey key_;
  std::optional<Hctr2> hctr2_;
};

}  // namespace nacre
