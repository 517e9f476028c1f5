#include "common/base/hash.h"

#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <sodium.h>

#include "common/base/check.h"

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

std::array<uint8_t, 32> Sha256(ByteView first, ByteView second) {
  std::array<uint8_t, 32> out{};
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool ok = context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1 &&
                  EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                  EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                  EVP_DigestFinal_ex(context, out.data(), nullptr) == 1;
  EVP_MD_CTX_free(context);
  NACRE_CHECK(ok, "SHA-256 is part of every OpenSSL");
  return out;
}

std::array<uint8_t, 32> Sha256(ByteView bytes) { return Sha256(bytes, {}); }

}  // namespace nacre
