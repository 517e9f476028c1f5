// ChunkPlan: a range of whole pages of a file, cut into what one request carries: inside one object, without a gap, at
// most bytes_max. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/units.h"
#include "common/layout/stripe_map.h"

namespace nacre {

constexpr uint64_t kChunkBytesMax = kMiB;  // of one request

// begin and length are whole pages. Cuts lie at multiples of bytes_max in the file, so that streams of any start settle
// into full requests.
std::vector<StripePiece> PlanChunks(const Component& component, uint64_t begin, uint64_t length,
                                    uint64_t bytes_max = kChunkBytesMax);

}  // namespace nacre
