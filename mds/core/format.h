// Making an empty store a metadata target, and bringing one back at start.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/kv/kv_store.h"
#include "mds/core/core.h"

namespace nacre {

// Is there a filesystem in the store?
Result<bool> IsFormatted(KvStore& kv);
// The root directory (mode 0755, root's) and the marks, on stable storage. fsid: 16 bytes, or empty: drawn. Answers fsid.
// kExists: there is one already.
Result<std::string> FormatMds(KvStore& kv, std::string fsid, Random& random, Clock& clock);

// On the strand, before anything is served: the marks, the cluster map, what is to be destroyed. Until replay exists all
// sessions of the last life are closed, and what they alone had open is removed. Blocks.
Status LoadMds(Core& core);

}  // namespace nacre
