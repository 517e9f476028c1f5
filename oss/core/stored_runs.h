// StoredRuns makes runs of pages read back from the device: the one maker of CipherRun on a server's disk side.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "common/fs/cipher_run.h"

namespace nacre {

class StoredRuns {
 public:
  // Whole pages at the front of buffer.
  static CipherRunPtr Make(std::shared_ptr<MutableBytes> buffer, size_t bytes, bool encrypted) {
    std::vector<ByteView> pieces = {ByteView(buffer->data(), bytes)};
    return CipherRun::Make(std::move(pieces), std::move(buffer), encrypted);
  }
};

}  // namespace nacre
