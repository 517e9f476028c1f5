#include "common/fs/nokey_name.h"

#include <algorithm>

#include "common/base/hash.h"

namespace nacre {
namespace {

constexpr size_t kCookieBytes = 8, kDigestBytes = 32, kStoredNameBytesMax = 255;
constexpr size_t kRawBytesMax = kCookieBytes + kNokeyPrefixBytes + kDigestBytes;
static_assert((kRawBytesMax * 8 + 5) / 6 == kNokeyNameCharsMax);

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string ToBase64Url(std::string_view raw) {
  std::string text;
  text.reserve((raw.size() * 8 + 5) / 6);
  uint32_t bits = 0;
  int bit_count = 0;
  for (char c : raw) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    bit_count += 8;
    for (; bit_count >= 6; bit_count -= 6) text.push_back(kAlphabet[bits >> (bit_count - 6) & 63]);
  }
  if (bit_count > 0) text.push_back(kAlphabet[bits << (6 - bit_count) & 63]);
  return text;
}

int DigitValue(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

// Strict: every text stands for different bytes, so an entry has one no-key name only.
std::optional<std::string> FromBase64Url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string raw;
  raw.reserve(text.size() * 6 / 8);
  uint32_t bits = 0;
  int bit_count = 0;
  for (char c : text) {
    const int value = DigitValue(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      raw.push_back(static_cast<char>(bits >> bit_count));
    }
  }
  if ((bits & ((1u << bit_count) - 1)) != 0) return std::nullopt;
  return raw;
}

std::string Encode(uint64_t cookie, ByteView stored_name) {
  std::string raw(kCookieBytes, '\0');
  // Two little-endian halves, low one first, are the little-endian whole.
  StoreLittleEndian64(reinterpret_cast<uint8_t*>(raw.data()), cookie);
  raw += AsText(stored_name.first(std::min(stored_name.size(), kNokeyPrefixBytes)));
  if (stored_name.size() > kNokeyPrefixBytes) raw += AsText(Sha256(stored_name.subspan(kNokeyPrefixBytes)));
  return ToBase64Url(raw);
}

}  // namespace

bool NokeyName::Matches(ByteView stored_name) const {
  if (!tail_sha256.has_value()) return AsText(stored_name) == ciphertext;
  if (stored_name.size() <= kNokeyPrefixBytes) return false;
  return AsText(stored_name.first(kNokeyPrefixBytes)) == ciphertext &&
         Sha256(stored_name.subspan(kNokeyPrefixBytes)) == *tail_sha256;
}

Result<std::string> EncodeNokeyName(uint64_t cookie, ByteView stored_name) {
  if (stored_name.empty() || stored_name.size() > kStoredNameBytesMax) {
    return Status(Code::kInvalid, "a stored name of " + std::to_string(stored_name.size()) + " bytes");
  }
  return Encode(cookie, stored_name);
}

Result<std::string> EncodeNokeyTarget(ByteView stored_symlink) {
  constexpr size_t kLengthBytes = 2;
  const size_t length = stored_symlink.size() <= kLengthBytes ? 0 : stored_symlink[0] | size_t{stored_symlink[1]} << 8;
  if (length == 0 || length != stored_symlink.size() - kLengthBytes) {
    return Status(Code::kIntegrity, "an encrypted symlink has another length than it says");
  }
  return Encode(0, stored_symlink.subspan(kLengthBytes));
}

Result<NokeyName> DecodeNokeyName(std::string_view text) {
  const Status not_ours(Code::kNotFound, "not a no-key name of an encrypted entry");
  if (text.size() > kNokeyNameCharsMax) return not_ours;
  const std::optional<std::string> raw = FromBase64Url(text);
  if (!raw.has_value() || raw->size() <= kCookieBytes) return not_ours;
  const std::string_view after = std::string_view(*raw).substr(kCookieBytes);
  if (after.size() > kNokeyPrefixBytes && after.size() != kNokeyPrefixBytes + kDigestBytes) return not_ours;
  NokeyName name{.cookie = LoadLittleEndian64(AsBytes(*raw).data()),
                 .ciphertext = std::string(after.substr(0, kNokeyPrefixBytes)),
                 .tail_sha256 = std::nullopt};
  if (after.size() > kNokeyPrefixBytes) {
    name.tail_sha256.emplace();
    std::copy(after.begin() + kNokeyPrefixBytes, after.end(), name.tail_sha256->begin());
  }
  return name;
}

}  // namespace nacre
