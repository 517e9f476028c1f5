// NameCipher turns the clear names in one encrypted directory into the bytes that servers store, and back. The rules
// are the kernel's: NUL-padded to the policy's 4, 8, 16 or 32 bytes, at least 16, at most 255; "." and ".." stay as
// they are. Equal names in one directory give equal ciphertext, in two directories not. Any thread.
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

constexpr size_t kNameBytesMax = 255;

class NameCipher {
 public:
  // names_key: of this directory, KeyDerivation::NamesKey with the nonce of its context.
  NameCipher(SecretKey names_key, const EncryptionPolicy& policy);

  // kNameTooLong above 255 bytes; kInvalid for the empty name and for names with '/' or NUL.
  Result<std::string> EncryptName(std::string_view clear_name) const;
  // kIntegrity for bytes that no EncryptName of this directory made: a wrong length, or a result that cannot be a name.
  // (Not every changed byte is noticed: names are encrypted, not authenticated.)
  Result<std::string> DecryptName(ByteView stored_name) const;

 private:
  const MessageCipher cipher_;
  const size_t padding_bytes_;
};

// How long a text of text_bytes becomes: at least one block, whole paddings, at most bytes_max (which is not padded).
size_t PaddedBytes(size_t text_bytes, size_t padding_bytes, size_t bytes_max);
// The text before the first NUL; false if anything but NULs follows it, or nothing stands before it.
bool StripPadding(std::string& text);

}  // namespace nacre
