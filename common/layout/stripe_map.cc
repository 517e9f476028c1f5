#include "common/layout/stripe_map.h"

#include <algorithm>

namespace nacre {

StripePiece LocateByte(const Component& component, uint64_t file_offset) {
  const uint64_t unit = file_offset / component.stripe_bytes;
  const uint64_t inside = file_offset % component.stripe_bytes;
  const uint32_t count = component.stripe_count();
  return {.stripe = static_cast<uint32_t>(unit % count),
          .file_offset = file_offset,
          .object_offset = unit / count * component.stripe_bytes + inside,
          .length = component.stripe_bytes - inside};
}

uint64_t FileOffsetOf(const Component& component, uint32_t stripe, uint64_t object_offset) {
  const uint64_t round = object_offset / component.stripe_bytes;
  const uint64_t inside = object_offset % component.stripe_bytes;
  return (round * component.stripe_count() + stripe) * component.stripe_bytes + inside;
}

std::vector<StripePiece> SplitByStripe(const Component& component, uint64_t offset, uint64_t length) {
  std::vector<StripePiece> pieces;
  while (length > 0) {
    StripePiece piece = LocateByte(component, offset);
    piece.length = std::min(piece.length, length);
    offset += piece.length;
    length -= piece.length;
    if (!pieces.empty()) {
      StripePiece& last = pieces.back();
      if (last.stripe == piece.stripe && last.object_offset + last.length == piece.object_offset) {
        last.length += piece.length;
        continue;
      }
    }
    pieces.push_back(piece);
  }
  return pieces;
}

uint64_t ObjectSizeFor(const Component& component, uint32_t stripe, uint64_t file_size) {
  if (file_size == 0) return 0;
  const uint64_t last_unit = (file_size - 1) / component.stripe_bytes;
  const uint32_t count = component.stripe_count();
  const uint64_t last_round = last_unit / count;
  const uint32_t last_stripe = static_cast<uint32_t>(last_unit % count);
  if (stripe < last_stripe) return (last_round + 1) * component.stripe_bytes;
  if (stripe > last_stripe) return last_round * component.stripe_bytes;
  return last_round * component.stripe_bytes + (file_size - 1) % component.stripe_bytes + 1;
}

uint64_t FileSizeFrom(const Component& component, const std::vector<uint64_t>& object_sizes) {
  uint64_t size = 0;
  for (uint32_t stripe = 0; stripe < object_sizes.size(); ++stripe) {
    if (object_sizes[stripe] == 0) continue;
    size = std::max(size, FileOffsetOf(component, stripe, object_sizes[stripe] - 1) + 1);
  }
  return size;
}

}  // namespace nacre
