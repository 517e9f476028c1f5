// Copies of files and trees: from this machine in, out, and inside the filesystem, placed as `cp -a` places them. Many
// files and chunks at once, memory bounded. An item that fails is listed in the report, the rest goes on; a failed Result
// means that nothing could be begun. What a put or copy wrote is stable when the Task ends.
#pragma once

#include <string>

#include "client/core/client_core.h"
#include "client/nacre.h"

namespace nacre {

Task<Result<CopyReport>> PutTree(ClientCore* core, std::string local, std::string path, CopyOptions options);
Task<Result<CopyReport>> GetTree(ClientCore* core, std::string path, std::string local, CopyOptions options);
Task<Result<CopyReport>> CopyTree(ClientCore* core, std::string from, std::string to, CopyOptions options);

}  // namespace nacre
