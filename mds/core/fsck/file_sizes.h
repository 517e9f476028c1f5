// Compares the exact sizes of files nobody writes with what their objects say.
#pragma once

#include <optional>
#include <vector>

#include "mds/core/core.h"
#include "mds/core/fsck/judge.h"

namespace nacre {

// Asks the OSTs for all of them at once, then once more, alone and locked, for each that does not agree. Of files that
// lie on OSTs nobody knows, nothing is said. kUnavailable: an OST does not answer.
Task<Result<Findings>> CompareSizes(Core& core, std::vector<Fid> files);

// The caller holds the file's lock. nullopt: its size is not exact, or did not stay so.
Task<Result<std::optional<SizeFacts>>> CompareSize(Core& core, Fid fid);

}  // namespace nacre
