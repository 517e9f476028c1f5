// Fid names an inode for life: 128 bits, as in Lustre. No FID is ever used twice.
//
//   seq: home MDT index in the high 16 bits, range number below (granted by that MDT, durable before it is granted)
//   oid: number inside the range, chosen by the client          ver: 0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"

namespace nacre {

struct Fid {
  uint64_t seq = 0;
  uint32_t oid = 0;
  uint32_t ver = 0;

  friend auto operator<=>(const Fid&, const Fid&) = default;
  bool is_null() const { return seq == 0 && oid == 0; }
  uint16_t home_mdt() const { return static_cast<uint16_t>(seq >> 48); }
};

constexpr size_t kFidBytes = 16;
constexpr Fid kRootFid{.seq = 1, .oid = 1, .ver = 0};  // range 0 is never granted, range 1 holds the root alone
constexpr uint64_t kFirstGrantedRange = 2;
constexpr uint32_t kFidRangeCount = 1000;              // FIDs in one grant: oid 1..1000

// 16 bytes, big-endian: sorts as the fields do. For keys.
void AppendFid(std::string& out, const Fid& fid);
Fid LoadFid(const uint8_t* at);

std::string ToString(const Fid& fid);                      // [0x2:0x5:0x0], as lfs prints it
std::optional<Fid> ParseFid(std::string_view text);        // the same form, brackets optional

struct FidHash {
  size_t operator()(const Fid& fid) const {  // in memory only
    return static_cast<size_t>((fid.seq * 0x9e3779b97f4a7c15u) ^ (uint64_t{fid.oid} * 0xbf58476d1ce4e5b9u) ^ fid.ver);
  }
};

}  // namespace nacre
