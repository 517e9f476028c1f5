// Many replays in one request: each is done as if it had come alone, in their order.
#pragma once

#include "common/api/mds_api.h"

namespace nacre {

constexpr int kReplaysTogetherMax = 1000;

// kInvalid: more than that. What is in it is refused one by one.
Task<Result<v1::ReplayReply>> DoAgain(MdsApi& mds, v1::ReplayRequest request);

}  // namespace nacre
