#include "common/runtime/malloc_tuning.h"

#include <malloc.h>

#include <limits>

namespace nacre {
namespace {
bool tuned = false;
}

void TuneMalloc() {
  // Few arenas: freed buffers are found again by whichever thread needs one next.
  tuned = mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1 &&
          mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max()) == 1 &&
          mallopt(M_TOP_PAD, 16 << 20) == 1 && mallopt(M_ARENA_MAX, 2) == 1;
}

bool MallocIsTuned() { return tuned; }

}  // namespace nacre
