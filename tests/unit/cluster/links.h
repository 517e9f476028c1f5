// Links: MdsApi and OssApi as a caller on the other side of a network sees them. A call hops onto the loop on its way in
// and out; the server behind may have been replaced meanwhile; errors go through the reply header as common/rpc sends
// them; calls are noted in the caller's CallLog, which also says what happens to them on the way. Made in links.cc, so that
// not every test has to compile a coroutine for each call of both APIs. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

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
  std::shared_ptr<void> keeps;  // what must not go while a call is inside the server
  std::map<uint64_t, std::function<void()>> when_it_dies;  // callers that wait for an answer, by number
  uint64_t callers = 0;

  // Whoever waits for an answer hears that none will come.
  void Die() {
    server = nullptr;
    keeps = nullptr;
    ++life;
    const auto waiting = std::exchange(when_it_dies, {});
    for (const auto& [number, tell] : waiting) tell();
  }
};

// loop and log outlive the link. caller: null: never dies.
std::shared_ptr<MdsApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<MdsApi>> place, CallLog* log);
std::shared_ptr<OssApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<OssApi>> place, CallLog* log,
                                 std::shared_ptr<const CallerLife> caller = nullptr);

}  // namespace nacre
