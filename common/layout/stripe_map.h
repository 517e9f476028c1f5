// StripeMap turns a range of a file into ranges of its objects, and back. RAID-0: file bytes go round the stripes in
// units of stripe_bytes. Pure arithmetic on whole-file components; all functions want a layout that Validate() admits.
//
//   stripe unit u = offset / stripe_bytes lies on stripe u mod n, at object offset (u / n) * stripe_bytes
#pragma once

#include <cstdint>
#include <vector>

#include "common/layout/layout.h"

namespace nacre {

// A piece of a file that lies in one object without a gap.
struct StripePiece {
  uint32_t stripe = 0;
  uint64_t file_offset = 0;
  uint64_t object_offset = 0;
  uint64_t length = 0;
  friend bool operator==(const StripePiece&, const StripePiece&) = default;
};

// The pieces of [offset, offset + length) in file order; neighbours in one object are joined (stripe count 1).
std::vector<StripePiece> SplitByStripe(const Component& component, uint64_t offset, uint64_t length);

// Where one byte lies. A page's first byte says where the page lies.
StripePiece LocateByte(const Component& component, uint64_t file_offset);
// And back.
uint64_t FileOffsetOf(const Component& component, uint32_t stripe, uint64_t object_offset);

// How long object `stripe` is when the file is file_size long and has no holes at its end.
uint64_t ObjectSizeFor(const Component& component, uint32_t stripe, uint64_t file_size);
// How long the file is when its objects are that long (object_sizes[stripe]; 0 for one that does not exist).
uint64_t FileSizeFrom(const Component& component, const std::vector<uint64_t>& object_sizes);

}  // namespace nacre
