#include "common/base/page_buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <utility>

#include "common/base/check.h"
#include "common/base/units.h"

namespace nacre {
namespace {

constexpr size_t kHugePageBytes = 2 * kMiB;
// Smaller buffers come one by one: a command that needs a single one should not clear a huge page for it.
constexpr size_t kInHugePagesBytesMin = kMiB;

}  // namespace

class PageBufferPool::Slab {
 public:
  explicit Slab(size_t buffer_bytes) {
    const bool huge = buffer_bytes >= kInHugePagesBytesMin;
    bytes_ = huge ? (buffer_bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes : buffer_bytes;
    memory_ = static_cast<uint8_t*>(std::aligned_alloc(huge ? kHugePageBytes : kPageBytes, bytes_));
    if (memory_ == nullptr) throw std::bad_alloc();
    // Only a wish: where there are no huge pages the memory is as good.
    if (huge) static_cast<void>(madvise(memory_, bytes_, MADV_HUGEPAGE));
  }
  ~Slab() { std::free(memory_); }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  uint8_t* memory() const { return memory_; }
  size_t bytes() const { return bytes_; }

 private:
  uint8_t* memory_;
  size_t bytes_;
};

std::shared_ptr<PageBufferPool> PageBufferPool::Create(size_t buffer_bytes, size_t idle_max) {
  NACRE_CHECK(buffer_bytes > 0 && buffer_bytes % kPageBytes == 0, "page buffers are whole pages");
  return std::shared_ptr<PageBufferPool>(new PageBufferPool(buffer_bytes, idle_max));
}

PageBufferPool::~PageBufferPool() = default;

PageBufferPool::Buffer PageBufferPool::TakeIdle() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      Buffer buffer = std::move(idle_.back());
      idle_.pop_back();
      return buffer;
    }
  }
  const auto slab = std::make_shared<Slab>(buffer_bytes_);
  for (size_t at = buffer_bytes_; at + buffer_bytes_ <= slab->bytes(); at += buffer_bytes_) Give({slab, slab->memory() + at});
  return {slab, slab->memory()};
}

std::shared_ptr<MutableBytes> PageBufferPool::Take() {
  Buffer buffer = TakeIdle();
  std::shared_ptr<PageBufferPool> self = shared_from_this();
  return std::shared_ptr<MutableBytes>(new MutableBytes(buffer.memory, buffer_bytes_),
                                       [self, buffer](MutableBytes* bytes) {
                                         self->Give(buffer);
                                         delete bytes;
                                       });
}

void PageBufferPool::Give(Buffer buffer) {
  std::lock_guard lock(mutex_);
  if (idle_.size() < idle_max_) idle_.push_back(std::move(buffer));
}

}  // namespace nacre
