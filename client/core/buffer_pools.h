// BufferPools: recycled memory for pages on their way, in a few sizes, so that a small file does not hold a large buffer
// while its write waits to be committed. Any thread.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/page_buffer.h"
#include "common/base/units.h"

namespace nacre {

class BufferPools {
 public:
  explicit BufferPools(uint64_t bytes_max)
      : small_(PageBufferPool::Create(kSmallBytes, bytes_max / 4 / kSmallBytes)),
        middle_(PageBufferPool::Create(kMiddleBytes, bytes_max / 4 / kMiddleBytes)),
        large_(PageBufferPool::Create(kLargeBytes, bytes_max / kLargeBytes)) {}

  // Buffers of this pool hold at least `bytes`, up to the largest size; longer runs take several.
  PageBufferPool& For(uint64_t bytes) const {
    if (bytes <= kSmallBytes) return *small_;
    return bytes <= kMiddleBytes ? *middle_ : *large_;
  }
  // What a run of so many bytes really holds.
  uint64_t MemoryFor(uint64_t bytes) const {
    const uint64_t unit = For(bytes).buffer_bytes();
    return (bytes + unit - 1) / unit * unit;
  }

 private:
  static constexpr uint64_t kSmallBytes = 16 * kKiB, kMiddleBytes = 128 * kKiB, kLargeBytes = kMiB;
  const std::shared_ptr<PageBufferPool> small_, middle_, large_;
};

}  // namespace nacre
