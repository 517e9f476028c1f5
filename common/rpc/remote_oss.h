// RemoteOss: OssApi over a channel. Handed in at main to whoever talks to an object storage server: clients, the MDS.
#pragma once

#include <memory>
#include <string>

#include "common/api/oss_api.h"
#include "common/rpc/channel.h"

namespace nacre {

std::shared_ptr<OssApi> ConnectOss(const std::string& address, RpcOptions options);

}  // namespace nacre
