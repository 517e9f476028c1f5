#include "tests/unit/client/crypto/textbook.h"

#include <algorithm>

namespace nacre::textbook {
namespace {

uint8_t Times(uint8_t a, uint8_t b) {  // in AES's field
  uint8_t sum = 0;
  for (; b != 0; b >>= 1) {
    if (b & 1) sum ^= a;
    a = static_cast<uint8_t>(a << 1 ^ (a & 0x80 ? 0x1b : 0));
  }
  return sum;
}

// Made once: inverses are searched for.
const std::array<uint8_t, 256>& SubstitutionBox() {
  static const std::array<uint8_t, 256> box = [] {
    std::array<uint8_t, 256> made{};
    for (int value = 0; value < 256; ++value) {
      uint8_t inverse = 0;
      for (int candidate = 1; candidate < 256; ++candidate) {
        const auto other = static_cast<uint8_t>(candidate);
        if (Times(static_cast<uint8_t>(value), other) == 1) inverse = other;
      }
      uint8_t out = 0x63;
      for (int turn = 0; turn < 5; ++turn) out ^= static_cast<uint8_t>(inverse << turn | inverse >> (8 - turn));
      made[static_cast<size_t>(value)] = out;
    }
    return made;
  }();
  return box;
}

Block Xor(Block a, const Block& b) {
  for (size_t i = 0; i < 16; ++i) a[i] ^= b[i];
  return a;
}

Block Number(uint64_t value) {
  Block out{};
  for (size_t i = 0; i < 8; ++i) out[i] = static_cast<uint8_t>(value >> (8 * i));
  return out;
}

Block BlockAt(const Bytes& bytes, size_t at) {  // zeros behind the end
  Block out{};
  std::copy_n(bytes.begin() + static_cast<long>(at), std::min<size_t>(16, bytes.size() - at), out.begin());
  return out;
}

void Append(Bytes& out, const Block& block) { out.append(block.data(), block.size()); }

using Polynomial = std::bitset<256>;

Polynomial ToPolynomial(const Block& block) {
  Polynomial out;
  for (size_t i = 0; i < 128; ++i) out[i] = block[i / 8] >> (i % 8) & 1;
  return out;
}

// a times b modulo POLYVAL's polynomial, the plain product.
Polynomial MultiplyModulo(const Polynomial& a, const Polynomial& b) {
  Polynomial product;
  for (size_t i = 0; i < 128; ++i) {
    if (a[i]) product ^= b << i;
  }
  for (size_t i = 255; i >= 128; --i) {
    if (!product[i]) continue;
    for (size_t term : {0u, 121u, 126u, 127u, 128u}) product.flip(i - 128 + term);
  }
  return product;
}

}  // namespace

Aes256::Aes256(const Bytes& key) : sbox_(SubstitutionBox()) {
  std::array<std::array<uint8_t, 4>, 60> words{};
  for (size_t i = 0; i < 8; ++i) std::copy_n(key.begin() + static_cast<long>(4 * i), 4, words[i].begin());
  uint8_t round_constant = 1;
  for (size_t i = 8; i < 60; ++i) {
    std::array<uint8_t, 4> word = words[i - 1];
    if (i % 8 == 0) std::rotate(word.begin(), word.begin() + 1, word.end());
    if (i % 4 == 0) {
      for (uint8_t& byte : word) byte = sbox_[byte];
    }
    if (i % 8 == 0) {
      word[0] ^= round_constant;
      round_constant = Times(round_constant, 2);
    }
    for (size_t j = 0; j < 4; ++j) words[i][j] = words[i - 8][j] ^ word[j];
  }
  for (size_t i = 0; i < 60; ++i) std::copy(words[i].begin(), words[i].end(), round_keys_[i / 4].begin() + 4 * (i % 4));
}

Block Aes256::Encrypt(Block block) const {
  block = Xor(block, round_keys_[0]);
  for (size_t round = 1; round <= 14; ++round) {
    Block shifted;
    for (size_t i = 0; i < 16; ++i) shifted[i] = sbox_[block[(i + 4 * (i % 4)) % 16]];
    if (round == 14) return Xor(shifted, round_keys_[14]);
    for (size_t column = 0; column < 16; column += 4) {
      for (size_t row = 0; row < 4; ++row) {
        block[column + row] = static_cast<uint8_t>(
            Times(shifted[column + row], 2) ^ Times(shifted[column + (row + 1) % 4], 3) ^
            shifted[column + (row + 2) % 4] ^ shifted[column + (row + 3) % 4]);
      }
    }
    block = Xor(block, round_keys_[round]);
  }
  return block;
}

Bytes XtsEncrypt(const Bytes& key, uint64_t unit, const Bytes& page) {
  const Aes256 data(key.substr(0, 32)), tweaks(key.substr(32));
  Block tweak = tweaks.Encrypt(Number(unit));
  Bytes out;
  for (size_t at = 0; at < page.size(); at += 16) {
    Append(out, Xor(data.Encrypt(Xor(BlockAt(page, at), tweak)), tweak));
    bool carry = false;
    for (uint8_t& byte : tweak) {
      const bool next = byte & 0x80;
      byte = static_cast<uint8_t>(byte << 1 | (carry ? 1 : 0));
      carry = next;
    }
    if (carry) tweak[0] ^= 0x87;
  }
  return out;
}

Bytes CtsEncrypt(const Bytes& key, const Bytes& text) {
  const Aes256 aes(key);
  Bytes cbc;
  Block previous{};
  for (size_t at = 0; at < text.size(); at += 16) {
    previous = aes.Encrypt(Xor(BlockAt(text, at), previous));
    Append(cbc, previous);
  }
  if (text.size() <= 16) return cbc;
  const size_t last = cbc.size() - 16;
  return (cbc.substr(0, last - 16) + cbc.substr(last) + cbc.substr(last - 16, 16)).substr(0, text.size());
}

Block Polyval(const Block& key, const Bytes& blocks) {
  // x^-128 modulo the polynomial, as RFC 8452 gives it.
  Polynomial inverse;
  for (size_t term : {0u, 114u, 121u, 124u, 127u}) inverse.set(term);
  const Polynomial factor = MultiplyModulo(ToPolynomial(key), inverse);
  Polynomial sum;
  for (size_t at = 0; at < blocks.size(); at += 16) {
    sum = MultiplyModulo(sum ^ ToPolynomial(BlockAt(blocks, at)), factor);
  }
  Block out{};
  for (size_t i = 0; i < 128; ++i) out[i / 8] = static_cast<uint8_t>(out[i / 8] | (sum[i] ? 1 : 0) << (i % 8));
  return out;
}

Bytes Hctr2Encrypt(const Bytes& key, const Bytes& tweak, const Bytes& text) {
  const Aes256 aes(key);
  const Block hash_key = aes.Encrypt(Number(0)), mask = aes.Encrypt(Number(1));
  auto pad = [](Bytes bytes) {
    bytes.resize((bytes.size() + 15) / 16 * 16, 0);
    return bytes;
  };
  auto hash = [&](const Bytes& tail) {
    const bool whole = tail.size() % 16 == 0;
    Bytes blocks;
    Append(blocks, Number(16 * tweak.size() + (whole ? 2 : 3)));
    blocks += pad(tweak) + (whole ? tail : pad(tail + Bytes(1, 1)));
    return Polyval(hash_key, blocks);
  };
  const Bytes tail = text.substr(16);
  const Block masked = Xor(BlockAt(text, 0), hash(tail)), middle = aes.Encrypt(masked);
  const Block seed = Xor(Xor(masked, middle), mask);
  Bytes stream;
  for (uint64_t i = 1; stream.size() < tail.size(); ++i) Append(stream, aes.Encrypt(Xor(seed, Number(i))));
  Bytes tail_out = tail;
  for (size_t i = 0; i < tail.size(); ++i) tail_out[i] ^= stream[i];
  Bytes out;
  Append(out, Xor(middle, hash(tail_out)));
  return out + tail_out;
}

}  // namespace nacre::textbook
