#include "common/base/page_buffer.h"

#include <cstdlib>
#include <new>

#include "common/base/check.h"
#include "common/base/units.h"

namespace nacre {

std::shared_ptr<PageBufferPool> PageBufferPool::Create(size_t buffer_bytes, size_t idle_max) {
  NACRE_CHECK(buffer_bytes > 0 && buffer_bytes % kPageBytes == 0, "page buffers are whole pages");
  return std::shared_ptr<PageBufferPool>(new PageBufferPool(buffer_bytes, idle_max));
}

PageBufferPool::~PageBufferPool() {
  for (uint8_t* memory : idle_) std::free(memory);
}

std::shared_ptr<MutableBytes> PageBufferPool::Take() {
  uint8_t* memory = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      memory = idle_.back();
      idle_.pop_back();
    }
  }
  if (memory == nullptr) memory = static_cast<uint8_t*>(std::aligned_alloc(kPageBytes, buffer_bytes_));
  if (memory == nullptr) throw std::bad_alloc();
  std::shared_ptr<PageBufferPool> self = shared_from_this();
  return std::shared_ptr<MutableBytes>(new MutableBytes(memory, buffer_bytes_), [self](MutableBytes* bytes) {
    self->Give(bytes->data());
    delete bytes;
  });
}

void PageBufferPool::Give(uint8_t* memory) {
  {
    std::lock_guard lock(mutex_);
    if (idle_.size() < idle_max_) {
      idle_.push_back(memory);
      return;
    }
  }
  std::free(memory);
}

}  // namespace nacre
