#include "client/crypto/page_cipher.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "client/crypto/cipher_context.h"
#include "common/base/check.h"

namespace nacre {
namespace {

using Page = std::array<uint8_t, kPageBytes>;
using Iv = std::array<uint8_t, 16>;

Iv IvOf(uint64_t page) {
  Iv iv{};
  StoreLittleEndian64(iv.data(), page);
  return iv;
}

void EncryptOne(CipherContext& cipher, uint64_t page, const uint8_t* in, uint8_t* out) {
  cipher.Encrypt(IvOf(page).data(), ByteView(in, kPageBytes), out);
}

void DecryptOne(CipherContext& cipher, uint64_t page, const uint8_t* in, uint8_t* out) {
  cipher.Decrypt(IvOf(page).data(), ByteView(in, kPageBytes), out);
}

// Walks the pages of a run whose pieces end anywhere. A page that one piece holds is shown where it lies; one that is
// cut is gathered first.
class PageReader {
 public:
  explicit PageReader(const std::vector<ByteView>& pieces) : pieces_(pieces) {}

  void Skip(uint64_t bytes) {
    while (bytes > 0) {
      const uint64_t step = std::min<uint64_t>(bytes, Rest().size());
      at_ += step;
      bytes -= step;
    }
  }

  // Valid until the next call.
  const uint8_t* NextPage() {
    if (ByteView rest = Rest(); rest.size() >= kPageBytes) {
      at_ += kPageBytes;
      return rest.data();
    }
    for (size_t filled = 0; filled < kPageBytes;) {
      const ByteView rest = Rest();
      const size_t step = std::min(rest.size(), kPageBytes - filled);
      std::memcpy(&gathered_[filled], rest.data(), step);
      filled += step;
      at_ += step;
    }
    return gathered_.data();
  }

 private:
  // What is left of the current piece, never empty: a run holds whole pages and the caller stays inside it.
  ByteView Rest() {
    while (at_ == pieces_[piece_].size()) {
      ++piece_;
      at_ = 0;
    }
    return pieces_[piece_].subspan(at_);
  }

  const std::vector<ByteView>& pieces_;
  size_t piece_ = 0, at_ = 0;
  Page gathered_;
};

// Cuts the pages of a run into buffers of a pool.
class BounceWriter {
 public:
  BounceWriter(PageBufferPool& pool, uint64_t pages) : pool_(pool), pages_left_(pages) {
    const uint64_t pages_per_buffer = pool.buffer_bytes() / kPageBytes;
    buffers_->reserve((pages + pages_per_buffer - 1) / pages_per_buffer);
    pieces_.reserve(buffers_->capacity());
  }

  uint8_t* NextPage() {
    if (at_ == end_) {
      const uint64_t pages = std::min<uint64_t>(pages_left_, pool_.buffer_bytes() / kPageBytes);
      buffers_->push_back(pool_.Take());
      at_ = buffers_->back()->data();
      end_ = at_ + pages * kPageBytes;
      pieces_.push_back(ByteView(at_, end_));
      pages_left_ -= pages;
    }
    return std::exchange(at_, at_ + kPageBytes);
  }

  std::vector<ByteView> TakePieces() { return std::move(pieces_); }
  std::shared_ptr<const void> TakeOwner() { return std::move(buffers_); }

 private:
  using Buffers = std::vector<std::shared_ptr<MutableBytes>>;
  PageBufferPool& pool_;
  uint64_t pages_left_;
  std::shared_ptr<Buffers> buffers_ = std::make_shared<Buffers>();
  std::vector<ByteView> pieces_;
  uint8_t* at_ = nullptr;
  uint8_t* end_ = nullptr;
};

void CheckPages(uint64_t page_first, uint64_t pages) {
  NACRE_CHECK(pages > 0, "a run is not empty");
  NACRE_CHECK(page_first <= kFileBytesMax / kPageBytes && pages <= kFileBytesMax / kPageBytes - page_first,
              "page numbers lie inside the largest file");
}

}  // namespace

PageCipher::PageCipher(SecretKey contents_key) : key_(std::move(contents_key)) {
  NACRE_CHECK(key_.size() == CipherKeyBytes(CipherMode::kXts), "a contents key has 64 bytes");
}

CipherRunPtr PageCipher::EncryptRun(ByteView plain, uint64_t page_first, PageBufferPool& bounce) const {
  return EncryptRun(std::span<const ByteView>(&plain, 1), page_first, bounce);
}

CipherRunPtr PageCipher::EncryptRun(std::span<const ByteView> parts, uint64_t page_first,
                                    PageBufferPool& bounce) const {
  uint64_t bytes = 0;
  for (ByteView part : parts) {
    NACRE_CHECK(bytes % kPageBytes == 0, "every part but the last is whole pages");
    bytes += part.size();
  }
  const uint64_t pages = PagesCovering(bytes);
  CheckPages(page_first, pages);
  BounceWriter writer(bounce, pages);
  CipherContext cipher(CipherMode::kXts, key_.bytes());
  uint64_t page = page_first;
  for (ByteView part : parts) {
    for (; part.size() >= kPageBytes; part = part.subspan(kPageBytes)) {
      EncryptOne(cipher, page++, part.data(), writer.NextPage());
    }
    if (part.empty()) continue;
    // The tail is filled up in the bounce buffer itself, so no further copy of clear text needs wiping.
    uint8_t* const last = writer.NextPage();
    std::memcpy(last, part.data(), part.size());
    std::memset(last + part.size(), 0, kPageBytes - part.size());
    EncryptOne(cipher, page++, last, last);
  }
  return CipherRun::Make(writer.TakePieces(), writer.TakeOwner(), /*encrypted=*/true);
}

CipherRunPtr PageCipher::EncryptInPlace(PlainPages pages, uint64_t page_first) const {
  const size_t valid_bytes = pages.valid_bytes();
  const uint64_t count = PagesCovering(valid_bytes);
  CheckPages(page_first, count);
  const std::shared_ptr<MutableBytes> buffer = std::move(pages.buffer_);
  const MutableBytes whole = buffer->first(count * kPageBytes);
  std::memset(whole.data() + valid_bytes, 0, whole.size() - valid_bytes);
  CipherContext cipher(CipherMode::kXts, key_.bytes());
  for (uint64_t i = 0; i < count; ++i) {
    uint8_t* const at = whole.data() + i * kPageBytes;
    EncryptOne(cipher, page_first + i, at, at);
  }
  return CipherRun::Make({ByteView(whole)}, buffer, /*encrypted=*/true);
}

Status PageCipher::Decrypt(const CipherRun& run, uint64_t page_first, uint64_t file_offset, MutableBytes out) const {
  if (!run.encrypted()) return Status(Code::kInvalid, "pages of an encrypted file came marked as clear text");
  const uint64_t page_limit = kFileBytesMax / kPageBytes;
  if (page_first > page_limit || run.page_count() > page_limit - page_first) {
    return Status(Code::kInvalid, "page numbers of a run beyond the largest file");
  }
  const uint64_t run_begin = page_first * kPageBytes;
  if (file_offset < run_begin || file_offset - run_begin > run.bytes() ||
      out.size() > run.bytes() - (file_offset - run_begin)) {
    return Status(Code::kInvalid, "a run of " + std::to_string(run.page_count()) + " pages from page " +
                                      std::to_string(page_first) + " does not hold " + std::to_string(out.size()) +
                                      " bytes at " + std::to_string(file_offset));
  }
  if (out.empty()) return Status::Ok();

  PageReader reader(run.pieces());
  uint64_t page = file_offset / kPageBytes;
  reader.Skip((page - page_first) * kPageBytes);
  CipherContext cipher(CipherMode::kXts, key_.bytes());
  size_t begin_in_page = file_offset % kPageBytes;
  for (size_t done = 0; done < out.size(); ++page) {
    const size_t wanted = std::min(out.size() - done, kPageBytes - begin_in_page);
    const uint8_t* const in = reader.NextPage();
    if (wanted == kPageBytes) {
      DecryptOne(cipher, page, in, out.data() + done);
    } else {
      Page edge;
      DecryptOne(cipher, page, in, edge.data());
      std::memcpy(out.data() + done, &edge[begin_in_page], wanted);
      sodium_memzero(edge.data(), edge.size());
    }
    done += wanted;
    begin_in_page = 0;
  }
  return Status::Ok();
}

void PageCipher::EncryptPage(ByteView in, uint64_t page, MutableBytes out) const {
  NACRE_CHECK(in.size() == kPageBytes && out.size() == kPageBytes, "a page has 4096 bytes");
  CipherContext cipher(CipherMode::kXts, key_.bytes());
  EncryptOne(cipher, page, in.data(), out.data());
}

void PageCipher::DecryptPage(ByteView in, uint64_t page, MutableBytes out) const {
  NACRE_CHECK(in.size() == kPageBytes && out.size() == kPageBytes, "a page has 4096 bytes");
  CipherContext cipher(CipherMode::kXts, key_.bytes());
  DecryptOne(cipher, page, in.data(), out.data());
}

}  // namespace nacre
