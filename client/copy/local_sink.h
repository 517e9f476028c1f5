// The tree is made on this machine. Blocking calls are made on the pool's threads.
#pragma once

#include <memory>
#include <string>

#include "client/copy/node.h"
#include "client/core/buffer_pools.h"
#include "common/base/executor.h"

namespace nacre {

struct LocalSinkOptions {
  bool preserve = true;  // modes, times; owners too when this process is root
};

// path is a directory that is there.
std::shared_ptr<SinkDirectory> OpenLocalDirectory(Executor& pool, const BufferPools& buffers, const std::string& path,
                                                  LocalSinkOptions options);

}  // namespace nacre
