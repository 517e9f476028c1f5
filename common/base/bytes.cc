#include "common/base/bytes.h"

namespace nacre {

std::string ToHex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

std::optional<std::string> FromHex(std::string_view hex) {
  auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

namespace {
template <typename T>
void AppendBigEndian(std::string& out, T value) {
  for (int shift = (sizeof(T) - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}
template <typename T>
T LoadBigEndian(const uint8_t* at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8 | at[i]);
  return value;
}
}  // namespace

void AppendBigEndian64(std::string& out, uint64_t value) { AppendBigEndian(out, value); }
void AppendBigEndian32(std::string& out, uint32_t value) { AppendBigEndian(out, value); }
void AppendBigEndian16(std::string& out, uint16_t value) { AppendBigEndian(out, value); }
uint64_t LoadBigEndian64(const uint8_t* at) { return LoadBigEndian<uint64_t>(at); }
uint32_t LoadBigEndian32(const uint8_t* at) { return LoadBigEndian<uint32_t>(at); }
uint16_t LoadBigEndian16(const uint8_t* at) { return LoadBigEndian<uint16_t>(at); }

void StoreLittleEndian64(uint8_t* at, uint64_t value) {
  for (int i = 0; i < 8; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}
uint64_t LoadLittleEndian64(const uint8_t* at) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | at[i];
  return value;
}

}  // namespace nacre
