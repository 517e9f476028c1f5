// POLYVAL (RFC 8452 §3), the universal hash of HCTR2, in time that does not depend on data. A block is a polynomial
// over GF(2), bit i of its 16 little-endian bytes the coefficient of x^i, modulo x^128 + x^127 + x^126 + x^121 + 1.
// Plain C++; with the processor's carry-less multiplication where it has one. One thread at a time.
#pragma once

#include <cstdint>
#include <span>

#include "common/base/bytes.h"

namespace nacre {

struct PolyvalElement {
  uint64_t low = 0, high = 0;
  static PolyvalElement Load(const uint8_t* at);
  void Store(uint8_t* at) const;
  friend bool operator==(const PolyvalElement&, const PolyvalElement&) = default;
};

// a * b * x^-128. The second never uses special instructions: for the test, and for processors without.
PolyvalElement PolyvalDot(PolyvalElement a, PolyvalElement b);
PolyvalElement PolyvalDotPortable(PolyvalElement a, PolyvalElement b);

class Polyval {
 public:
  static constexpr size_t kBlockBytes = 16;

  explicit Polyval(PolyvalElement key) : key_(key) {}
  // Whole blocks, the last one filled up with zeros if it is not.
  void Update(ByteView bytes);
  PolyvalElement hash() const { return sum_; }

 private:
  const PolyvalElement key_;
  PolyvalElement sum_;
};

}  // namespace nacre
