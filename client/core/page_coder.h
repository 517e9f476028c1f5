// PageCoder: how the pages of one regular file become runs and come back: by its cipher, or as they are where the inode
// has no context. Immutable; any thread, several at once on one file.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "client/core/key_cache.h"
#include "client/core/unencrypted_runs.h"
#include "client/crypto/page_cipher.h"
#include "common/base/status.h"
#include "types.pb.h"

namespace nacre {

class PageCoder {
 public:
  // kNoKey: the file is locked.
  static Result<std::shared_ptr<const PageCoder>> Open(const v1::Inode& inode, KeyCache& keys);

  bool encrypted() const { return cipher_ != nullptr; }
  CipherRunPtr Encode(std::span<const ByteView> parts, uint64_t page_first, PageBufferPool& pool) const;
  CipherRunPtr EncodeInPlace(PlainPages pages, uint64_t page_first) const;
  // Bytes from file_offset on out of a run whose first page is page_first. kIntegrity when the run is not what a file of
  // this kind has.
  Status Decode(const CipherRun& run, uint64_t page_first, uint64_t file_offset, MutableBytes out) const;

 private:
  PageCoder() = default;
  std::shared_ptr<const PageCipher> cipher_;
  std::optional<UnencryptedRuns> plain_;
};

// The first 16 bytes of SHA-256 over a page's ciphertext and meta: what a conditional write says it saw.
std::string PageDigest(ByteView page, ByteView meta);
// One page of a run, wherever the wire cut it.
std::array<uint8_t, 4096> GatherPage(const CipherRun& run, uint64_t index);

}  // namespace nacre
