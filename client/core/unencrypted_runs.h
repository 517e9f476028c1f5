// UnencryptedRuns: the one maker of runs whose pages are clear text. It asks for the inode they belong to and refuses one
// that has an encryption context: nothing of an encrypted file becomes a run but through its cipher (promise P1). Any
// thread.
#pragma once

#include <memory>
#include <span>

#include "client/crypto/plain_pages.h"
#include "common/base/bytes.h"
#include "common/base/page_buffer.h"
#include "common/fs/cipher_run.h"
#include "types.pb.h"

namespace nacre {

class UnencryptedRuns {
 public:
  // CHECKs that the inode has no context: whoever gets here with one has a bug that must not reach the wire.
  explicit UnencryptedRuns(const v1::Inode& inode);

  // A copy, zero-filled to a whole page. Every part but the last is whole pages.
  CipherRunPtr Copy(std::span<const ByteView> parts, PageBufferPool& pool) const;
  // Where it lies.
  CipherRunPtr Adopt(PlainPages pages) const;
};

}  // namespace nacre
