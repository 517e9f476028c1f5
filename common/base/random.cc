#include "common/base/random.h"

#include <sodium.h>

#include <cstring>

namespace nacre {

void SystemRandom::Fill(MutableBytes out) { randombytes_buf(out.data(), out.size()); }

void SeededRandom::Fill(MutableBytes out) {
  for (size_t i = 0; i < out.size(); i += 8) {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    uint8_t raw[8];
    StoreLittleEndian64(raw, z);
    std::memcpy(out.data() + i, raw, std::min<size_t>(8, out.size() - i));
  }
}

}  // namespace nacre
