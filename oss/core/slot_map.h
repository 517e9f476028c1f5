// SlotMap: which slots (page-sized places) of one object's data file are in use, and where the next pages go. Pure.
//
// Slot p below kIdentitySlots is only ever page p's, so a file written once is one run whatever is overwritten later; an
// overwrite goes to the overflow slots above, and back home at the next. A slot in use is never given out again before
// it was freed, and the caller frees one only when no batch, stable or under way, refers to it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "oss/core/interval_set.h"

namespace nacre {

constexpr uint32_t kIdentitySlots = 1u << 28;  // home for pages up to 1 TiB; slots above are overflow
constexpr uint32_t kNoSlot = 0xffffffff;
static_assert(kIdentitySlots < kNoSlot);

struct SlotSpan {
  uint32_t first = 0;
  uint32_t count = 0;
  friend bool operator==(const SlotSpan&, const SlotSpan&) = default;
};

// Adds a slot or span behind the others, as one span where they touch.
void AppendSpan(std::vector<SlotSpan>& spans, SlotSpan span);
uint64_t SlotCount(const std::vector<SlotSpan>& spans);

class SlotMap {
 public:
  void MarkUsed(SlotSpan span);  // while loading
  // Places for consecutive pages, in their order. nullopt: the file has none left.
  std::optional<std::vector<SlotSpan>> Allocate(uint64_t first_page, uint32_t count);
  void Free(SlotSpan span);

  // Freed slots still hold blocks of the filesystem until they are used again or punched. TakeStale withholds them all
  // from Allocate until they are reported Punched.
  uint64_t stale_count() const { return stale_.count(); }
  std::vector<SlotSpan> TakeStale();
  void Punched(const std::vector<SlotSpan>& spans);

  uint64_t used_count() const { return used_.count(); }  // those being punched apart
  const IntervalSet& used() const { return used_; }

 private:
  SlotSpan TakeHome(uint64_t page, uint32_t count_max);
  std::optional<SlotSpan> TakeOverflow(uint32_t count_max);

  IntervalSet used_;
  IntervalSet stale_;          // free, but perhaps with blocks
  IntervalSet punching_;       // neither used nor to be had
  IntervalSet overflow_free_;  // free and without blocks, below overflow_end_
  uint64_t overflow_end_ = kIdentitySlots;
};

}  // namespace nacre
