// The hashes that are stored or sent: frozen, with vectors in tests/vectors. std::hash decides nothing kept or sent.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "common/base/bytes.h"

namespace nacre {

// CRC-32C (Castagnoli, RFC 3720 B.4), of a page in one or several pieces: start with 0, feed the last answer back in.
uint32_t Crc32c(uint32_t so_far, ByteView bytes);

// SipHash-2-4, 64 bits (Aumasson, Bernstein 2012), the hash of names in directories.
uint64_t SipHash24(std::span<const uint8_t, 16> key, ByteView bytes);

// SHA-256 (FIPS 180-4).
std::array<uint8_t, 32> Sha256(ByteView bytes);
std::array<uint8_t, 32> Sha256(ByteView first, ByteView second);  // of the two, one behind the other

}  // namespace nacre
