// No-key names: what a client without the key shows for an encrypted name, and takes back to stat, remove or move the
// entry. The kernel's encoding (struct fscrypt_nokey_name), base64url (RFC 4648 §5) without padding of
//
//   nokey_name := dirhash[2] bytes[0..149] sha256[0 or 32]
//     dirhash: two 32-bit little-endian numbers, for us the dirent's cookie: [0] its low half, [1] its high half
//     bytes:   the ciphertext of the name; its first 149 bytes if it is longer
//     sha256:  only then, of the ciphertext from byte 149 on
//
// The cookie leads to shard and row without a scan; Matches() confirms it against the stored bytes, so a made-up cookie
// finds nothing. At most 252 characters, never '/' or NUL. Pure values, no key needed: MDS and client share this.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/status.h"

namespace nacre {

constexpr size_t kNokeyPrefixBytes = 149;
constexpr size_t kNokeyNameCharsMax = 252;

struct NokeyName {
  uint64_t cookie = 0;
  std::string ciphertext;  // whole, or its first kNokeyPrefixBytes bytes when tail_sha256 is there
  std::optional<std::array<uint8_t, 32>> tail_sha256;

  // Is this the name of the entry whose stored bytes these are? (Not whether the cookie is the entry's.)
  bool Matches(ByteView stored_name) const;
  friend bool operator==(const NokeyName&, const NokeyName&) = default;
};

// stored_name: 1..255 bytes as the directory holds them; else kInvalid.
Result<std::string> EncodeNokeyName(uint64_t cookie, ByteView stored_name);
// What readlink gives without the key: the same encoding, cookie 0, of the ciphertext in an encrypted symlink's stored
// form (16-bit little-endian length, ciphertext). kIntegrity for bytes of another form.
Result<std::string> EncodeNokeyTarget(ByteView stored_symlink);
// kNotFound for text that no EncodeNokeyName made: such a name is not in any locked directory.
Result<NokeyName> DecodeNokeyName(std::string_view text);

}  // namespace nacre
