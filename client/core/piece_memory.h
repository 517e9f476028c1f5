// PieceMemory: a buffer for a piece of a file that is yet to be read, with its share of what a client may have under way.
// Taken first, so that a piece waits before it is read and not after: what was just read is enciphered and sent while the
// processor's caches still hold it.
#pragma once

#include <memory>

#include "client/core/async_semaphore.h"
#include "common/base/bytes.h"

namespace nacre {

struct PieceMemory {
  std::shared_ptr<MutableBytes> buffer;  // whole pages
  AsyncSemaphore::Units share;           // of the BufferBudget; none where nothing is kept once it is written
};

}  // namespace nacre
