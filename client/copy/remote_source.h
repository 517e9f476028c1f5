// The tree to copy lies in the filesystem. A directory is listed with its attributes, so no child is asked for again.
#pragma once

#include <memory>
#include <string>

#include "client/copy/node.h"
#include "client/core/client_core.h"

namespace nacre {

Result<std::shared_ptr<SourceNode>> OpenRemoteNode(ClientCore* core, const v1::Inode& inode, const std::string& name);

}  // namespace nacre
