// Which OSTs a new file gets: drawn by free space, each at most once. Pure: the same candidates and the same Random give
// the same answer on every machine and compiler (no std::shuffle, no floating point).
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/random.h"
#include "common/base/status.h"

namespace nacre {

struct OstCandidate {
  uint32_t index = 0;
  uint64_t free_bytes = 0;
};

struct OstWish {
  uint32_t count = 1;  // more than there are: all there are; kAllOsts: all
  bool has_first = false;
  uint32_t first = 0;  // stripe 0 lies there
};
constexpr uint32_t kAllOsts = 0xffffffff;

// candidates: the OSTs that are up, by index, each once. Full ones only if there are no others: what is known of free space
// is seconds old, and an OST says itself that it is full. kUnavailable: none, or the wished first is not among them.
Result<std::vector<uint32_t>> ChooseOsts(const std::vector<OstCandidate>& candidates, const OstWish& wish,
                                         Random& random);

}  // namespace nacre
