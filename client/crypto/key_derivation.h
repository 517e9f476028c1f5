// KeyDerivation turns a master key into the keys of files, exactly as Linux fscrypt v2 does:
//
//   HKDF-SHA512 (RFC 5869), empty salt, info := "fscrypt\0" context_byte application_info
//     context 1: key identifier, no application info, 16 bytes     context 2: key of one file, info = its nonce[16]
//
// The HMAC over the extracted key is prepared once, so a file's key costs two SHA-512 blocks and a bit. What it keeps
// is as secret as the master key and lies in guarded memory of its own. Immutable after construction, any thread.
#pragma once

#include <memory>

#include "client/crypto/secret_key.h"
#include "common/base/bytes.h"
#include "common/fs/encryption_context.h"

namespace nacre {

class KeyDerivation {
 public:
  static constexpr size_t kContentsKeyBytes = 64;  // AES-256-XTS: two AES-256 keys
  static constexpr size_t kNamesKeyBytes = 32;     // AES-256-CBC-CTS and AES-256-HCTR2

  explicit KeyDerivation(const SecretKey& master);
  ~KeyDerivation();
  KeyDerivation(const KeyDerivation&) = delete;
  KeyDerivation& operator=(const KeyDerivation&) = delete;

  const KeyIdentifier& key_identifier() const { return identifier_; }
  // Of a regular file.
  SecretKey ContentsKey(const Nonce& nonce) const;
  // Of a directory (for the names in it) or of a symlink (for its target).
  SecretKey NamesKey(const Nonce& nonce) const;

 private:
  struct Extracted;
  // out.size() <= 64: one block of HKDF's expansion is all fscrypt ever needs.
  void Expand(uint8_t context, ByteView application_info, MutableBytes out) const;
  SecretKey FileKey(const Nonce& nonce, size_t size_bytes) const;

  Extracted* extracted_;  // from sodium_malloc
  KeyIdentifier identifier_{};
};

}  // namespace nacre
