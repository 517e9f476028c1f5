// Mends: one finding, judged once more and mended in one change, without a pause between the two. What a mend adds to
// or takes from a directory it also adds to or takes from the counters, so these stay as right or wrong as they were.
//
// Nothing is ever removed but entries that lead nowhere, or twice to a directory, rows that belong to no inode, and
// objects that belong to no file. docs/fsck.md says what each mend does, and why so.
#pragma once

#include "mds/core/change.h"
#include "mds/core/fsck/judge.h"

namespace nacre {

v1::MendReply MendAnswer(v1::MendOutcome outcome, std::string what = {});

// The finding of this kind, if it is still there and can be mended; null: answer MEND_GONE.
const v1::Finding* StillFound(const Findings& findings, const v1::Finding& asked);

Result<v1::MendReply> MendEntry(Core& core, Op& op, const v1::Finding& asked);
// Everything of an inode but counters and size.
Result<v1::MendReply> MendInode(Core& core, Op& op, const v1::Finding& asked);
Result<v1::MendReply> MendLeftRows(Core& core, Op& op, const v1::Finding& asked);

// These pause, for the entries of a big directory, or for an OST.
Task<Result<v1::MendReply>> MendCounters(Core& core, Op& op, v1::Finding asked);
Task<Result<v1::MendReply>> MendSize(Core& core, Op& op, v1::Finding asked);
Task<Result<v1::MendReply>> MendObject(Core& core, Op& op, v1::Finding asked);

}  // namespace nacre
