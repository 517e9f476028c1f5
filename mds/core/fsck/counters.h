// Counts a directory's entries against its counters, both as of one moment: a cursor keeps seeing that moment while the
// strand does other things in between, so a big directory holds up nobody.
#pragma once

#include <optional>

#include "mds/core/core.h"
#include "mds/core/fsck/facts.h"

namespace nacre {

// nullopt: it is no directory any more.
Task<Result<std::optional<CounterFacts>>> CountEntries(Core& core, Fid directory);

}  // namespace nacre
