// PlainPages: whole pages of a file in clear text, about to be encrypted where they lie. Move-only, because encrypting
// in place consumes them: after PageCipher::EncryptInPlace(std::move(pages), ...) no object names that memory as clear
// text any more. One thread at a time; owns its share of the buffer.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/bytes.h"

namespace nacre {

class PlainPages {
 public:
  // buffer: whole pages of memory that nobody else writes (a PageBufferPool's). valid_bytes, 1..buffer size, end with
  // the clear text of the file or with a page; encryption zeroes the rest of the last page and leaves the pages
  // behind alone.
  PlainPages(std::shared_ptr<MutableBytes> buffer, size_t valid_bytes);
  PlainPages(PlainPages&& other) noexcept = default;
  PlainPages& operator=(PlainPages&& other) noexcept = default;
  PlainPages(const PlainPages&) = delete;
  PlainPages& operator=(const PlainPages&) = delete;

  // The clear text. Empty once moved from.
  MutableBytes bytes() const { return buffer_ == nullptr ? MutableBytes() : buffer_->first(valid_bytes_); }
  size_t valid_bytes() const { return buffer_ == nullptr ? 0 : valid_bytes_; }
  size_t page_count() const;

 private:
  friend class PageCipher;
  friend class UnencryptedRuns;  // client/core: for inodes without context
  std::shared_ptr<MutableBytes> buffer_;
  size_t valid_bytes_;
};

}  // namespace nacre
