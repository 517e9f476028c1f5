#include "client/crypto/polyval.h"

#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#include <wmmintrin.h>
#endif

namespace nacre {
namespace {

struct Product {  // 256 bits, lowest word first
  uint64_t word[4];
};

// 64 x 64 -> 128 bits without carries. Masks instead of branches: nothing here depends on the bits of a or b.
void MultiplyWords(uint64_t a, uint64_t b, uint64_t& low, uint64_t& high) {
  low = b & (uint64_t{0} - (a & 1));
  high = 0;
  for (int i = 1; i < 64; ++i) {
    const uint64_t mask = uint64_t{0} - ((a >> i) & 1);
    low ^= (b << i) & mask;
    high ^= (b >> (64 - i)) & mask;
  }
}

// The product times x^-128. The modulus is 1 plus terms from x^121 up, so adding word 0 times the modulus clears word 0
// and moves it up: by 128 bits, and by x^57 + x^62 + x^63 above word 1. Then the same for word 1.
PolyvalElement Reduce(Product p) {
  for (int i = 0; i < 2; ++i) {
    const uint64_t w = p.word[i];
    p.word[i + 1] ^= w << 57 ^ w << 62 ^ w << 63;
    p.word[i + 2] ^= w ^ w >> 7 ^ w >> 2 ^ w >> 1;
  }
  return {.low = p.word[2], .high = p.word[3]};
}

#if defined(__x86_64__)
__attribute__((target("pclmul,sse2"))) PolyvalElement DotWithInstruction(PolyvalElement a, PolyvalElement b) {
  const __m128i left = _mm_set_epi64x(static_cast<long long>(a.high), static_cast<long long>(a.low));
  const __m128i right = _mm_set_epi64x(static_cast<long long>(b.high), static_cast<long long>(b.low));
  const __m128i low = _mm_clmulepi64_si128(left, right, 0x00);
  const __m128i high = _mm_clmulepi64_si128(left, right, 0x11);
  const __m128i middle =
      _mm_xor_si128(_mm_clmulepi64_si128(left, right, 0x01), _mm_clmulepi64_si128(left, right, 0x10));
  Product product;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&product.word[0]), _mm_xor_si128(low, _mm_slli_si128(middle, 8)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&product.word[2]), _mm_xor_si128(high, _mm_srli_si128(middle, 8)));
  return Reduce(product);
}
#endif

}  // namespace

PolyvalElement PolyvalElement::Load(const uint8_t* at) {
  return {.low = LoadLittleEndian64(at), .high = LoadLittleEndian64(at + 8)};
}

void PolyvalElement::Store(uint8_t* at) const {
  StoreLittleEndian64(at, low);
  StoreLittleEndian64(at + 8, high);
}

PolyvalElement PolyvalDotPortable(PolyvalElement a, PolyvalElement b) {
  Product product{};
  uint64_t low = 0, high = 0;
  MultiplyWords(a.low, b.low, product.word[0], product.word[1]);
  MultiplyWords(a.high, b.high, product.word[2], product.word[3]);
  MultiplyWords(a.low, b.high, low, high);
  product.word[1] ^= low;
  product.word[2] ^= high;
  MultiplyWords(a.high, b.low, low, high);
  product.word[1] ^= low;
  product.word[2] ^= high;
  return Reduce(product);
}

PolyvalElement PolyvalDot(PolyvalElement a, PolyvalElement b) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("pclmul") != 0;
  if (has_instruction) return DotWithInstruction(a, b);
#endif
  return PolyvalDotPortable(a, b);
}

void Polyval::Update(ByteView bytes) {
  while (!bytes.empty()) {
    uint8_t block[kBlockBytes] = {};
    const size_t step = bytes.size() < kBlockBytes ? bytes.size() : kBlockBytes;
    std::memcpy(block, bytes.data(), step);
    const PolyvalElement element = PolyvalElement::Load(block);
    sum_ = PolyvalDot({.low = sum_.low ^ element.low, .high = sum_.high ^ element.high}, key_);
    bytes = bytes.subspan(step);
  }
}

}  // namespace nacre
