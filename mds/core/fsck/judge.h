// What is wrong, from facts alone. Pure: each function answers the findings of one row; none: it is as it should be.
// docs/fsck.md lists the kinds, and which of them can be mended.
#pragma once

#include <vector>

#include "mds/core/fsck/facts.h"

namespace nacre {

using Findings = std::vector<v1::Finding>;

Findings JudgeEntry(const EntryFacts& facts);
// Everything but counters and size.
Findings JudgeInode(const InodeFacts& facts);
Findings JudgeLeftRows(const LeftRowsFacts& facts);
Findings JudgeCounters(const CounterFacts& facts);
Findings JudgeSize(const SizeFacts& facts);
Findings JudgeObject(const ObjectFacts& facts);
// An OST that does not tell what a file's objects say.
v1::Finding SizeUnknown(const Fid& fid, const Status& why);

}  // namespace nacre
