// Chance is an argument too: nonces, salts, ids and back-off come from a Random given in.
#pragma once

#include <cstdint>

#include "common/base/bytes.h"

namespace nacre {

class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(MutableBytes out) = 0;
  uint64_t Next64() {
    uint8_t raw[8];
    Fill(raw);
    return LoadLittleEndian64(raw);
  }
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : Next64() % bound; }  // bias is below 2^-32 for small bounds
};

// The kernel's generator through libsodium; any thread. Good enough for keys and nonces.
class SystemRandom final : public Random {
 public:
  void Fill(MutableBytes out) override;
};

// Repeatable, for tests and the simulator; one thread. Never for keys that guard anything.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void Fill(MutableBytes out) override;

 private:
  uint64_t state_;  // SplitMix64 (Steele, Lea, Flood 2014)
};

}  // namespace nacre
