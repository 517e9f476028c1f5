// ShowEntry: one entry of a directory as people see it. What is damaged, or cannot be so, is told of that entry and hides no
// other. Any thread.
#pragma once

#include "client/core/directory.h"
#include "client/core/key_cache.h"
#include "client/nacre.h"
#include "mds.pb.h"

namespace nacre {

// Never a name that leads out of the directory: one that no entry can have, or that cannot be decrypted, is shown in the
// no-key form, with its problem. Not Ok: the keys cannot be asked for.
Result<DirectoryEntry> ShowEntry(const Directory& directory, const v1::ReaddirReply::Entry& entry, KeyCache& keys);

}  // namespace nacre
