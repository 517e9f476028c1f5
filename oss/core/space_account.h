// SpaceAccount: how full an object store is. Counts slots: those pages lie in, those of writes under way, and those not
// freed yet because a stable batch still refers to them. Those of writes under way are also counted apart: what lies below
// does not know of them yet, and without that many writers at once would eat up the reserve. One strand.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/base/units.h"
#include "oss/core/object_device.h"

namespace nacre {

// Left free by writes, so that the store below can still write its log: destroys and truncates must work when full.
constexpr uint64_t kReserveBytes = 64 * kMiB;

class SpaceAccount {
 public:
  // capacity_bytes 0: as much as the filesystem has.
  SpaceAccount(ObjectDevice& device, uint64_t capacity_bytes) : device_(device), capacity_bytes_(capacity_bytes) {}

  bool HasRoomFor(uint64_t pages) const { return free_bytes() >= pages * kPageBytes; }
  void Take(uint64_t pages) { used_pages_ += pages; }
  void Give(uint64_t pages) { used_pages_ -= pages; }
  void BeginWrite(uint64_t pages) { under_way_pages_ += pages; }
  void EndWrite(uint64_t pages) { under_way_pages_ -= pages; }

  uint64_t used_bytes() const { return used_pages_ * kPageBytes; }
  uint64_t free_bytes() const {
    const uint64_t device_free = DeviceFree();
    if (capacity_bytes_ == 0) return device_free;
    return used_bytes() >= capacity_bytes_ ? 0 : std::min(capacity_bytes_ - used_bytes(), device_free);
  }
  uint64_t capacity_bytes() const { return capacity_bytes_ != 0 ? capacity_bytes_ : used_bytes() + free_bytes(); }

 private:
  uint64_t DeviceFree() const {
    const Result<ObjectDevice::Space> space = device_.GetSpace();
    const uint64_t spoken_for = kReserveBytes + under_way_pages_ * kPageBytes;
    if (!space.ok() || space->free_bytes < spoken_for) return 0;
    return space->free_bytes - spoken_for;
  }
  ObjectDevice& device_;
  const uint64_t capacity_bytes_;
  uint64_t used_pages_ = 0;
  uint64_t under_way_pages_ = 0;
};

}  // namespace nacre
