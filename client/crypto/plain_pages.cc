#include "client/crypto/plain_pages.h"

#include <utility>

#include "common/base/check.h"
#include "common/base/units.h"

namespace nacre {

PlainPages::PlainPages(std::shared_ptr<MutableBytes> buffer, size_t valid_bytes)
    : buffer_(std::move(buffer)), valid_bytes_(valid_bytes) {
  NACRE_CHECK(buffer_ != nullptr && buffer_->size() % kPageBytes == 0, "clear text lies in whole pages");
  NACRE_CHECK(valid_bytes_ > 0 && valid_bytes_ <= buffer_->size(), "valid bytes lie in the buffer");
}

size_t PlainPages::page_count() const { return PagesCovering(valid_bytes()); }

}  // namespace nacre
