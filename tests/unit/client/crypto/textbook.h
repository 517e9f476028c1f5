// Textbook forms of the ciphers, written from the standards (FIPS 197, IEEE 1619, SP 800-38A addendum, RFC 8452, the
// HCTR2 paper), bit by bit and slow, sharing nothing with the code they check. For tests only: not in constant time.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>

namespace nacre::textbook {

using Block = std::array<uint8_t, 16>;
using Bytes = std::basic_string<uint8_t>;

class Aes256 {
 public:
  explicit Aes256(const Bytes& key);
  Block Encrypt(Block block) const;

 private:
  const std::array<uint8_t, 256>& sbox_;
  std::array<Block, 15> round_keys_{};
};

// key: 64 bytes. page: whole blocks.
Bytes XtsEncrypt(const Bytes& key, uint64_t unit, const Bytes& page);
// CBC-CS3, IV zero. text: 16 bytes or more.
Bytes CtsEncrypt(const Bytes& key, const Bytes& text);
Bytes Hctr2Encrypt(const Bytes& key, const Bytes& tweak, const Bytes& text);
// key, then blocks.
Block Polyval(const Block& key, const Bytes& blocks);

}  // namespace nacre::textbook
