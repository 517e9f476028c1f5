#include "client/crypto/hctr2.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "common/base/check.h"

namespace nacre {
namespace {
constexpr size_t kBlock = Polyval::kBlockBytes;
constexpr size_t kStreamBlocks = 16;  // key stream made in one call

void Xor(const uint8_t* a, const uint8_t* b, size_t bytes, uint8_t* out) {
  for (size_t i = 0; i < bytes; ++i) out[i] = a[i] ^ b[i];
}
}  // namespace

Hctr2::Hctr2(ByteView key) : key_(key), derived_(2 * kBlock) {
  uint8_t numbers[2 * kBlock] = {};
  numbers[kBlock] = 1;
  CipherContext(CipherMode::kEcb, key_).Encrypt(nullptr, numbers, derived_.mutable_bytes().data());
}

void Hctr2::Encrypt(ByteView tweak, ByteView in, MutableBytes out) const {
  Crypt(&CipherContext::Encrypt, tweak, in, out);
}
void Hctr2::Decrypt(ByteView tweak, ByteView in, MutableBytes out) const {
  Crypt(&CipherContext::Decrypt, tweak, in, out);
}

void Hctr2::Crypt(Direction middle, ByteView tweak, ByteView in, MutableBytes out) const {
  NACRE_CHECK(in.size() >= kMessageBytesMin && out.size() == in.size(), "HCTR2 takes 16 bytes or more");
  const ByteView tail_in = in.subspan(kBlock);
  const MutableBytes tail_out = out.subspan(kBlock);
  uint8_t head[kBlock], block[kBlock], seed[kBlock];

  Hash(tweak, tail_in).Store(block);
  Xor(in.data(), block, kBlock, head);
  CipherContext cipher(CipherMode::kEcb, key_);
  (cipher.*middle)(nullptr, ByteView(head), block);
  Xor(head, block, kBlock, seed);
  Xor(seed, derived_.bytes().data() + kBlock, kBlock, seed);
  ApplyKeyStream(cipher, seed, tail_in, tail_out);
  Hash(tweak, tail_out).Store(head);
  Xor(block, head, kBlock, out.data());
  sodium_memzero(head, kBlock);
  sodium_memzero(block, kBlock);
  sodium_memzero(seed, kBlock);
}

PolyvalElement Hctr2::Hash(ByteView tweak, ByteView tail) const {
  Polyval polyval(PolyvalElement::Load(derived_.bytes().data()));
  const bool whole_blocks = tail.size() % kBlock == 0;
  uint8_t block[kBlock] = {};
  StoreLittleEndian64(block, tweak.size() * 8 * 2 + (whole_blocks ? 2 : 3));
  polyval.Update(block);
  polyval.Update(tweak);
  const size_t whole = tail.size() / kBlock * kBlock;
  polyval.Update(tail.first(whole));
  if (!whole_blocks) {
    std::memset(block, 0, kBlock);
    std::memcpy(block, tail.data() + whole, tail.size() - whole);
    block[tail.size() - whole] = 1;
    polyval.Update(block);
    sodium_memzero(block, kBlock);
  }
  return polyval.hash();
}

// XCTR: block i of the stream is E(seed xor i), i a little-endian number from 1.
void Hctr2::ApplyKeyStream(CipherContext& cipher, const uint8_t* seed, ByteView in, MutableBytes out) const {
  uint8_t stream[kStreamBlocks * kBlock];
  const uint64_t seed_low = LoadLittleEndian64(seed);
  for (size_t done = 0, number = 1; done < in.size();) {
    const size_t blocks = std::min((in.size() - done + kBlock - 1) / kBlock, kStreamBlocks);
    for (size_t i = 0; i < blocks; ++i, ++number) {
      StoreLittleEndian64(&stream[i * kBlock], seed_low ^ number);
      std::memcpy(&stream[i * kBlock + 8], seed + 8, 8);
    }
    cipher.Encrypt(nullptr, ByteView(stream, blocks * kBlock), stream);
    const size_t step = std::min(in.size() - done, blocks * kBlock);
    Xor(in.data() + done, stream, step, out.data() + done);
    done += step;
  }
  sodium_memzero(stream, sizeof(stream));
}

}  // namespace nacre
