// Compares the objects of an OST with what the metadata knows of them. Three looks tell an object that is left over
// from one that just goes: the OST listed it; then the metadata knew neither its inode, nor that it lies there, nor
// that it is to be destroyed; and after that the OST still had it. FIDs and mirror ids are never used twice, so it is
// nobody's for ever.
#pragma once

#include <string>

#include "mds/core/core.h"
#include "mds/core/fsck/judge.h"

namespace nacre {

struct ObjectsPage {
  Findings findings;
  uint64_t rows = 0;
  std::string next;  // empty: that was all
};
// kUnavailable: the OST does not answer.
Task<Result<ObjectsPage>> CheckObjects(Core& core, uint32_t ost, std::string from, uint32_t rows_max);

// Of one object, by its key. Ends right after the last look at the metadata: without a pause the answer stays true.
Task<Result<Findings>> CheckObject(Core& core, uint32_t ost, std::string key);

}  // namespace nacre
