// Layout: where a file's bytes lie. Pure values; knows no server and no key.
//
// A file has mirrors, a mirror has components (extents of the file), a component is RAID-0 over OSTs. Today Validate()
// admits exactly one in-sync mirror with one component over the whole file; the shape is there for what follows.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/base/units.h"
#include "common/fs/fid.h"

namespace nacre {

constexpr uint64_t kStripeBytesUnit = 64 * kKiB;  // stripe sizes are multiples of it
constexpr uint64_t kStripeBytesDefault = kMiB;
constexpr uint64_t kStripeBytesMax = 4 * kGiB;
constexpr uint32_t kStripeCountMax = 2000;
static_assert(kStripeBytesUnit % kPageBytes == 0, "a page never straddles two objects");

enum class MirrorState : uint8_t { kInSync = 0, kResyncing = 1, kStale = 2 };

struct Component {
  uint32_t id = 0;
  uint64_t extent_begin = 0;
  uint64_t extent_end = 0;  // 0: to the end of the file
  uint32_t flags = 0;
  uint64_t stripe_bytes = kStripeBytesDefault;
  std::vector<uint32_t> osts;  // stripe i lies on osts[i]
  uint32_t stripe_count() const { return static_cast<uint32_t>(osts.size()); }
  friend bool operator==(const Component&, const Component&) = default;
};

struct Mirror {
  uint32_t id = 0;
  MirrorState state = MirrorState::kInSync;
  uint32_t flags = 0;
  std::vector<Component> components;
  friend bool operator==(const Mirror&, const Mirror&) = default;
};

struct Layout {
  uint32_t generation = 0;
  uint32_t flags = 0;
  std::vector<Mirror> mirrors;
  friend bool operator==(const Layout&, const Layout&) = default;
};

// An object's name for life. No mirror id is ever used twice within a file.
struct ObjectId {
  Fid fid;
  uint16_t component = 0;
  uint32_t mirror = 0;
  uint32_t stripe = 0;
  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};
constexpr size_t kObjectIdBytes = kFidBytes + 2 + 4 + 4;
void AppendObjectId(std::string& out, const ObjectId& id);  // 26 bytes, big-endian
ObjectId LoadObjectId(const uint8_t* at);
std::string ToString(const ObjectId& id);                   // [0x2:0x5:0x0].c0.m0.s1

// What this version can serve. kInvalid for nonsense, kUnsupported for what a later version may know (flags, mirrors).
Status Validate(const Layout& layout);

// A plain layout over osts, stripe 0 first.
Layout MakeStripedLayout(uint32_t mirror_id, uint64_t stripe_bytes, std::vector<uint32_t> osts);

}  // namespace nacre
