// PageBuffer: page-aligned memory for page data, recycled through a pool. On the machines we measured, a freshly
// faulted buffer costs more than encrypting what it holds, so buffers go round and are never handed back to the kernel
// while the pool lives. Large ones lie in huge pages where the kernel has them: a process that lives for one command
// faults each of its buffers in once, and in pages of 4096 bytes that was a tenth of the CPU of a put.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "common/base/bytes.h"

namespace nacre {

// Any thread. Must be owned by a shared_ptr: buffers keep their pool alive.
class PageBufferPool : public std::enable_shared_from_this<PageBufferPool> {
 public:
  // Buffers of buffer_bytes (a multiple of 4096). Unused ones beyond idle_max are freed.
  static std::shared_ptr<PageBufferPool> Create(size_t buffer_bytes, size_t idle_max);
  ~PageBufferPool();

  // Contents are whatever an earlier user left: pools are never shared between clear text that must not meet and others;
  // who hands pages on fills every byte first.
  std::shared_ptr<MutableBytes> Take();
  size_t buffer_bytes() const { return buffer_bytes_; }

 private:
  // Memory taken from the kernel at once, cut into buffers; goes back when none of them is left.
  class Slab;
  struct Buffer {
    std::shared_ptr<Slab> slab;
    uint8_t* memory;
  };

  PageBufferPool(size_t buffer_bytes, size_t idle_max) : buffer_bytes_(buffer_bytes), idle_max_(idle_max) {}
  Buffer TakeIdle();
  void Give(Buffer buffer);

  const size_t buffer_bytes_;
  const size_t idle_max_;
  std::mutex mutex_;  // guards idle_
  std::vector<Buffer> idle_;
};

}  // namespace nacre
