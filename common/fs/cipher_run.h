// CipherRun: consecutive whole pages of a file as servers may see them, the "bounce buffer". Immutable and shared: the
// same run serves the first send, every resend, replay and mirror, so what was encrypted once is never encrypted again
// (promise P2). Nothing but a run fits into a data request, and only three kinds of code can make one (promise P1):
//   a page cipher (client/crypto), the reader of the wire (common/rpc), and UnencryptedRun, for inodes without context.
// The friends below are that list; the tidy tests hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/check.h"
#include "common/base/units.h"

namespace nacre {

class CipherRun;
using CipherRunPtr = std::shared_ptr<const CipherRun>;

class CipherRun {
 public:
  // The bytes of all pages in order, in pieces of any size (the wire cuts where it likes). Sum: page_count() * 4096.
  const std::vector<ByteView>& pieces() const { return pieces_; }
  uint64_t page_count() const { return page_count_; }
  uint64_t bytes() const { return page_count_ * kPageBytes; }
  // Per page meta_bytes() bytes that travel and are stored with it; 0 for fscrypt policies.
  size_t meta_bytes() const { return meta_bytes_; }
  const std::string& metas() const { return metas_; }
  bool encrypted() const { return encrypted_; }

  CipherRun(const CipherRun&) = delete;
  CipherRun& operator=(const CipherRun&) = delete;

 private:
  friend class PageCipher;       // client/crypto/page_cipher.h
  friend class WireRuns;         // common/rpc/bulk_codec.h
  friend class UnencryptedRuns;  // client/core/unencrypted_runs.h
  friend class StoredRuns;       // oss/store: pages read back from the disk

  // owner keeps the memory of the pieces alive.
  CipherRun(std::vector<ByteView> pieces, std::shared_ptr<const void> owner, bool encrypted)
      : pieces_(std::move(pieces)), owner_(std::move(owner)), encrypted_(encrypted) {
    uint64_t total = 0;
    for (ByteView piece : pieces_) total += piece.size();
    NACRE_CHECK(total % kPageBytes == 0, "a run is whole pages");
    page_count_ = total / kPageBytes;
  }
  static CipherRunPtr Make(std::vector<ByteView> pieces, std::shared_ptr<const void> owner, bool encrypted) {
    return CipherRunPtr(new CipherRun(std::move(pieces), std::move(owner), encrypted));
  }

  std::vector<ByteView> pieces_;
  std::shared_ptr<const void> owner_;
  uint64_t page_count_ = 0;
  size_t meta_bytes_ = 0;
  std::string metas_;
  bool encrypted_ = false;
};

}  // namespace nacre
