#include "client/core/chunk_plan.h"

#include <algorithm>

#include "common/base/check.h"

namespace nacre {

std::vector<StripePiece> PlanChunks(const Component& component, uint64_t begin, uint64_t length, uint64_t bytes_max) {
  NACRE_CHECK(begin % kPageBytes == 0 && length % kPageBytes == 0, "requests carry whole pages");
  std::vector<StripePiece> chunks;
  for (StripePiece piece : SplitByStripe(component, begin, length)) {
    while (piece.length > 0) {
      const uint64_t step = std::min(piece.length, bytes_max - piece.file_offset % bytes_max);
      chunks.push_back({piece.stripe, piece.file_offset, piece.object_offset, step});
      piece.file_offset += step;
      piece.object_offset += step;
      piece.length -= step;
    }
  }
  return chunks;
}

}  // namespace nacre
