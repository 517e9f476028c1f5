#include "oss/core/interval_set.h"

#include <algorithm>
#include <iterator>

namespace nacre {

void IntervalSet::Add(uint64_t first, uint64_t count) {
  if (count == 0) return;
  uint64_t end = first + count;
  auto it = runs_.upper_bound(first);
  if (it != runs_.begin()) {
    auto before = std::prev(it);
    if (before->first + before->second >= first) it = before;
  }
  while (it != runs_.end() && it->first <= end) {
    first = std::min(first, it->first);
    end = std::max(end, it->first + it->second);
    count_ -= it->second;
    it = runs_.erase(it);
  }
  runs_.emplace_hint(it, first, end - first);
  count_ += end - first;
}

void IntervalSet::Remove(uint64_t first, uint64_t count) {
  if (count == 0) return;
  const uint64_t end = first + count;
  auto it = runs_.upper_bound(first);
  if (it != runs_.begin() && std::prev(it)->first + std::prev(it)->second > first) --it;
  while (it != runs_.end() && it->first < end) {
    const uint64_t run_first = it->first;
    const uint64_t run_end = run_first + it->second;
    count_ -= it->second;
    it = runs_.erase(it);
    if (run_first < first) {
      runs_.emplace(run_first, first - run_first);
      count_ += first - run_first;
    }
    if (run_end > end) {
      runs_.emplace(end, run_end - end);
      count_ += run_end - end;
    }
  }
}

uint64_t IntervalSet::RunInside(uint64_t at, uint64_t count_max) const {
  auto it = runs_.upper_bound(at);
  if (it == runs_.begin()) return 0;
  --it;
  const uint64_t end = it->first + it->second;
  return end <= at ? 0 : std::min(end - at, count_max);
}

uint64_t IntervalSet::RunOutside(uint64_t at, uint64_t count_max) const {
  if (RunInside(at, 1) != 0) return 0;
  auto next = runs_.upper_bound(at);
  return next == runs_.end() ? count_max : std::min(next->first - at, count_max);
}

std::optional<Interval> IntervalSet::TakeFirst(uint64_t from, uint64_t count_max) {
  uint64_t at = from;
  if (RunInside(from, 1) == 0) {
    auto next = runs_.upper_bound(from);
    if (next == runs_.end()) return std::nullopt;
    at = next->first;
  }
  const Interval taken{at, RunInside(at, count_max)};
  Remove(taken.first, taken.count);
  return taken;
}

}  // namespace nacre
