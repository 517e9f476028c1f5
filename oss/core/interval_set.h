// IntervalSet: a set of numbers kept as runs. For slots and chunks, which come in long runs. Pure value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace nacre {

struct Interval {
  uint64_t first = 0;
  uint64_t count = 0;
};

class IntervalSet {
 public:
  // Adding what is there and removing what is not are both fine.
  void Add(uint64_t first, uint64_t count);
  void Remove(uint64_t first, uint64_t count);

  bool Contains(uint64_t at) const { return RunInside(at, 1) == 1; }
  uint64_t RunInside(uint64_t at, uint64_t count_max) const;   // how many from at on are in the set
  uint64_t RunOutside(uint64_t at, uint64_t count_max) const;  // how many from at on are not
  // Takes out a run of at most count_max, the first at or above from.
  std::optional<Interval> TakeFirst(uint64_t from, uint64_t count_max);

  bool empty() const { return runs_.empty(); }
  uint64_t count() const { return count_; }
  const std::map<uint64_t, uint64_t>& runs() const { return runs_; }  // first -> count
  void clear() {
    runs_.clear();
    count_ = 0;
  }

 private:
  std::map<uint64_t, uint64_t> runs_;  // neither touch nor overlap
  uint64_t count_ = 0;
};

}  // namespace nacre
