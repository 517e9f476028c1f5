#include "common/fs/fid.h"

#include <charconv>
#include <cstdio>

namespace nacre {

void AppendFid(std::string& out, const Fid& fid) {
  AppendBigEndian64(out, fid.seq);
  AppendBigEndian32(out, fid.oid);
  AppendBigEndian32(out, fid.ver);
}

Fid LoadFid(const uint8_t* at) {
  return {.seq = LoadBigEndian64(at), .oid = LoadBigEndian32(at + 8), .ver = LoadBigEndian32(at + 12)};
}

std::string ToString(const Fid& fid) {
  char text[48];
  std::snprintf(text, sizeof text, "[0x%llx:0x%x:0x%x]", static_cast<unsigned long long>(fid.seq), fid.oid, fid.ver);
  return text;
}

namespace {
template <typename T>
bool ParseHex(std::string_view& text, T& out) {
  if (!text.starts_with("0x")) return false;
  text.remove_prefix(2);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}
bool Skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}
}  // namespace

std::optional<Fid> ParseFid(std::string_view text) {
  Fid fid;
  const bool bracket = Skip(text, '[');
  if (!ParseHex(text, fid.seq) || !Skip(text, ':') || !ParseHex(text, fid.oid) || !Skip(text, ':') ||
      !ParseHex(text, fid.ver)) {
    return std::nullopt;
  }
  if (bracket && !Skip(text, ']')) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  return fid;
}

}  // namespace nacre
