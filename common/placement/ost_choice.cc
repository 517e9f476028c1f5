#include "common/placement/ost_choice.h"

#include <algorithm>
#include <string>

#include "common/base/units.h"

namespace nacre {
namespace {

// An OST with less is full.
constexpr uint64_t kFreeBytesMin = kMiB;

bool IsFull(const OstCandidate& one) { return one.free_bytes < kFreeBytesMin; }

}  // namespace

Result<std::vector<uint32_t>> ChooseOsts(const std::vector<OstCandidate>& candidates, const OstWish& wish,
                                         Random& random) {
  if (candidates.empty()) return Status(Code::kUnavailable, "no OST is up: the file has no place");
  std::vector<uint32_t> chosen;
  std::vector<OstCandidate> left;
  if (wish.has_first) {
    const auto is_first = [&](const OstCandidate& one) { return one.index == wish.first; };
    if (std::none_of(candidates.begin(), candidates.end(), is_first)) {
      return Status(Code::kUnavailable, "OST " + std::to_string(wish.first) + ", the wished first, is not up");
    }
    chosen.push_back(wish.first);
  }
  const bool all_full = std::all_of(candidates.begin(), candidates.end(), IsFull);
  uint64_t weight_sum = 0;
  for (OstCandidate one : candidates) {
    if ((IsFull(one) && !all_full) || (wish.has_first && one.index == wish.first)) continue;
    if (all_full) one.free_bytes = kFreeBytesMin;
    left.push_back(one);
    weight_sum += one.free_bytes / kMiB;
  }
  while (chosen.size() < wish.count && !left.empty()) {
    uint64_t ticket = random.Below(weight_sum);
    size_t at = 0;
    while (ticket >= left[at].free_bytes / kMiB) ticket -= left[at++].free_bytes / kMiB;
    chosen.push_back(left[at].index);
    weight_sum -= left[at].free_bytes / kMiB;
    left.erase(left.begin() + static_cast<ptrdiff_t>(at));
  }
  return chosen;
}

}  // namespace nacre
