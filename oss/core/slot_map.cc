#include "oss/core/slot_map.h"

#include <algorithm>

#include "common/base/check.h"

namespace nacre {
namespace {
SlotSpan ToSpan(Interval interval) {
  return {static_cast<uint32_t>(interval.first), static_cast<uint32_t>(interval.count)};
}
}  // namespace

void AppendSpan(std::vector<SlotSpan>& spans, SlotSpan span) {
  if (!spans.empty() && spans.back().first + spans.back().count == span.first) {
    spans.back().count += span.count;
  } else {
    spans.push_back(span);
  }
}

uint64_t SlotCount(const std::vector<SlotSpan>& spans) {
  uint64_t count = 0;
  for (SlotSpan span : spans) count += span.count;
  return count;
}

void SlotMap::MarkUsed(SlotSpan span) {
  const uint64_t end = uint64_t{span.first} + span.count;
  if (end > overflow_end_) {
    overflow_free_.Add(overflow_end_, end - overflow_end_);
    overflow_end_ = end;
  }
  overflow_free_.Remove(span.first, span.count);
  used_.Add(span.first, span.count);
}

// The run of pages from page on whose own slots are free.
SlotSpan SlotMap::TakeHome(uint64_t page, uint32_t count_max) {
  if (page >= kIdentitySlots) return {};
  uint64_t count = std::min<uint64_t>(count_max, kIdentitySlots - page);
  count = used_.RunOutside(page, count);
  if (count > 0) count = punching_.RunOutside(page, count);
  stale_.Remove(page, count);
  return ToSpan({page, count});
}

std::optional<SlotSpan> SlotMap::TakeOverflow(uint32_t count_max) {
  if (auto stale = stale_.TakeFirst(kIdentitySlots, count_max)) return ToSpan(*stale);
  if (auto clean = overflow_free_.TakeFirst(kIdentitySlots, count_max)) return ToSpan(*clean);
  const uint64_t count = std::min<uint64_t>(count_max, kNoSlot - overflow_end_);
  if (count == 0) return std::nullopt;
  overflow_end_ += count;
  return ToSpan({overflow_end_ - count, count});
}

std::optional<std::vector<SlotSpan>> SlotMap::Allocate(uint64_t first_page, uint32_t count) {
  std::vector<SlotSpan> spans;
  for (uint32_t done = 0; done < count;) {
    SlotSpan span = TakeHome(first_page + done, count - done);
    if (span.count == 0) {
      // As far as home is taken, and no further: the pages behind may be at home again.
      const uint64_t page = first_page + done;
      uint64_t away = count - done;
      if (page < kIdentitySlots) away = std::min(away, std::max(used_.RunInside(page, away), punching_.RunInside(page, away)));
      const auto overflow = TakeOverflow(static_cast<uint32_t>(away));
      if (!overflow) {
        for (SlotSpan taken : spans) Free(taken);
        return std::nullopt;
      }
      span = *overflow;
    }
    used_.Add(span.first, span.count);
    AppendSpan(spans, span);
    done += span.count;
  }
  return spans;
}

void SlotMap::Free(SlotSpan span) {
  NACRE_CHECK(used_.RunInside(span.first, span.count) == span.count, "a slot is freed once");
  used_.Remove(span.first, span.count);
  stale_.Add(span.first, span.count);
}

std::vector<SlotSpan> SlotMap::TakeStale() {
  std::vector<SlotSpan> spans;
  for (const auto& [first, count] : stale_.runs()) {
    spans.push_back(ToSpan({first, count}));
    punching_.Add(first, count);
  }
  stale_.clear();
  return spans;
}

void SlotMap::Punched(const std::vector<SlotSpan>& spans) {
  for (SlotSpan span : spans) {
    punching_.Remove(span.first, span.count);
    const uint64_t overflow_first = std::max(span.first, kIdentitySlots);
    const uint64_t end = uint64_t{span.first} + span.count;
    if (end > overflow_first) overflow_free_.Add(overflow_first, end - overflow_first);
  }
}

}  // namespace nacre
