// PageCipher turns clear-text pages of one file into CipherRuns and back: AES-256-XTS for each page of 4096 bytes, with
// the page's number *in the file* as IV (64 bits, little-endian, zero padded), as Linux fscrypt does. So the ciphertext
// depends on nothing that a change of layout changes.
//
// Any thread, several at once on one file: spread a large write over workers as several runs. Knows no object, no
// server and no file but its key. Clear text beyond the valid bytes of the last page is always encrypted as zeros.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "client/crypto/plain_pages.h"
#include "client/crypto/secret_key.h"
#include "common/base/bytes.h"
#include "common/base/page_buffer.h"
#include "common/base/status.h"
#include "common/base/units.h"
#include "common/fs/cipher_run.h"

namespace nacre {

class PageCipher {
 public:
  // contents_key: 64 bytes, KeyDerivation::ContentsKey.
  explicit PageCipher(SecretKey contents_key);

  // Encrypts from where the clear text lies straight into buffers of bounce: encryption takes the place of a copy. The
  // first byte of plain is the first byte of page page_first. A run longer than a buffer of the pool takes several.
  CipherRunPtr EncryptRun(ByteView plain, uint64_t page_first, PageBufferPool& bounce) const;
  // The same for clear text that lies in several places (a merged first page, the caller's buffer, a merged last page).
  // Every part but the last is whole pages.
  CipherRunPtr EncryptRun(std::span<const ByteView> parts, uint64_t page_first, PageBufferPool& bounce) const;
  // Where it lies; the clear text is gone afterwards.
  CipherRunPtr EncryptInPlace(PlainPages pages, uint64_t page_first) const;

  // Bytes [file_offset, file_offset + out.size()) of the file, out of a run whose first page is page_first. The edges
  // need not be page borders. Whole pages are decrypted straight into out. kInvalid when the run does not hold the
  // range or is not encrypted. Holes are not in question here: who knows of them does not ask.
  Status Decrypt(const CipherRun& run, uint64_t page_first, uint64_t file_offset, MutableBytes out) const;

  // One page. in and out are 4096 bytes, the same or apart.
  void EncryptPage(ByteView in, uint64_t page, MutableBytes out) const;
  void DecryptPage(ByteView in, uint64_t page, MutableBytes out) const;

 private:
  const SecretKey key_;
};

}  // namespace nacre
