// The tree to copy is one of this machine. Blocking calls are made on the pool's threads.
#pragma once

#include <memory>
#include <string>

#include "client/copy/node.h"
#include "common/base/executor.h"

namespace nacre {

// follow: what a symlink names, instead of the symlink.
Result<std::shared_ptr<SourceNode>> OpenLocalNode(Executor& pool, const std::string& path, bool follow);

// Of both ends: nanoseconds since the epoch. A time that 64 bits of nanoseconds do not reach (before 1677, after 2262) becomes the nearest, as filesystems do.
int64_t ToNanoseconds(const timespec& time);

}  // namespace nacre
