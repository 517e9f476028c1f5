#include "common/base/hash.h"

#include <isa-l/crc.h>
#include <sodium.h>

namespace nacre {

uint32_t Crc32c(uint32_t so_far, ByteView bytes) {
  // isa-l's crc32_iscsi neither inverts before nor after; CRC-32C does both.
  return ~crc32_iscsi(const_cast<uint8_t*>(bytes.data()), static_cast<int>(bytes.size()), ~so_far);
}

uint64_t SipHash24(std::span<const uint8_t, 16> key, ByteView bytes) {
  static_assert(crypto_shorthash_siphash24_BYTES == 8 && crypto_shorthash_siphash24_KEYBYTES == 16);
  uint8_t out[8];
  crypto_shorthash_siphash24(out, bytes.data(), bytes.size(), key.data());
  return LoadLittleEndian64(out);
}

// libsodium's, though OpenSSL's is faster a block: what is hashed here is short (a context at each create, a name's tail),
// and this neither looks for providers nor allocates.
std::array<uint8_t, 32> Sha256(ByteView first, ByteView second) {
  std::array<uint8_t, 32> out{};
  static_assert(crypto_hash_sha256_BYTES == out.size());
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, first.data(), first.size());
  crypto_hash_sha256_update(&state, second.data(), second.size());
  crypto_hash_sha256_final(&state, out.data());
  return out;
}

std::array<uint8_t, 32> Sha256(ByteView bytes) { return Sha256(bytes, {}); }

}  // namespace nacre
