// Byte ranges, and what turns them into text and back. Views own nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nacre {

using ByteView = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::string ToString(ByteView bytes) { return std::string(AsText(bytes)); }

std::string ToHex(ByteView bytes);                         // lower case, no separators
std::optional<std::string> FromHex(std::string_view hex);  // nullopt: odd length or a non-digit

// Big-endian integers sort as bytes the way they sort as numbers: what keys are made of.
void AppendBigEndian64(std::string& out, uint64_t value);
void AppendBigEndian32(std::string& out, uint32_t value);
void AppendBigEndian16(std::string& out, uint16_t value);
uint64_t LoadBigEndian64(const uint8_t* at);
uint32_t LoadBigEndian32(const uint8_t* at);
uint16_t LoadBigEndian16(const uint8_t* at);
void StoreLittleEndian64(uint8_t* at, uint64_t value);
uint64_t LoadLittleEndian64(const uint8_t* at);

}  // namespace nacre
