// Fsck: the whole filesystem checked, and mended where that is asked for and can be done (docs/fsck.md). The metadata
// server judges, row by row, while everybody goes on working; this walks over all rows, has findings mended page by
// page, and tells people what was found where. Memory: one page of findings, and what is to be reported.
#pragma once

#include "client/core/client_core.h"
#include "client/nacre.h"

namespace nacre {

// kNotPermitted: the caller is neither root nor the owner of the root directory. kUnavailable: a server did not answer,
// or did not recover in time: then not everything was looked at.
Task<Result<FsckReport>> Fsck(ClientCore& core, FsckOptions options);

// How a kind is called: "orphan-object".
std::string FindingName(v1::FindingKind kind);

}  // namespace nacre
