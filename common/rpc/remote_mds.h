// RemoteMds: MdsApi over a channel. Handed in at main to whoever talks to a metadata server.
#pragma once

#include <memory>
#include <string>

#include "common/api/mds_api.h"
#include "common/rpc/channel.h"

namespace nacre {

std::shared_ptr<MdsApi> ConnectMds(const std::string& address, RpcOptions options);

}  // namespace nacre
