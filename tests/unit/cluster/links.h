// Links: MdsApi and OssApi as a caller on the other side of a network sees them. A call hops onto the loop on its way in
// and out; the server behind may have been replaced meanwhile; errors go through the reply header as common/rpc sends
// them; calls are noted in the caller's CallLog, which also says what gets lost. Made in links.cc, so that not every test
// has to compile a coroutine for each call of both APIs. One thread.
#pragma once

#include <memory>

#include "common/api/mds_api.h"
#include "common/api/oss_api.h"
#include "tests/unit/cluster/call_log.h"
#include "tests/unit/cluster/sim_loop.h"

namespace nacre {

// Where a server is to be found; life grows with each start.
template <typename Api>
struct Place {
  Api* server = nullptr;  // null: down
  uint64_t life = 0;
};

// loop and log outlive the link.
std::shared_ptr<MdsApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<MdsApi>> place, CallLog* log);
std::shared_ptr<OssApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<OssApi>> place, CallLog* log);

}  // namespace nacre
