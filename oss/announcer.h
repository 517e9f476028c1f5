// Announcer: tells MDT0000 that this OST is there, where, and how full; again and again, as its heartbeat. The first answer
// brings the filesystem's id to a new data directory; an answer that this directory is another filesystem's is final.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "common/api/mds_api.h"
#include "common/base/executor.h"
#include "common/base/task.h"

namespace nacre {

class Announcer {
 public:
  // describe fills the target of each announcement; runs on an executor thread.
  Announcer(std::shared_ptr<MdsApi> mds, Executor& executor, Timers& timers, std::string client_id,
            std::function<void(v1::Target&)> describe, std::string instance)
      : mds_(std::move(mds)), executor_(executor), timers_(timers), client_id_(std::move(client_id)),
        describe_(std::move(describe)), instance_(std::move(instance)) {}

  // One announcement. Ok: the fsid MDT0000 told. kUnavailable: not reached. Anything else: we are refused.
  Task<Result<std::string>> Announce(std::string fsid);

  // Announces for as long as the process lives. refused is told once when MDT0000 will not have us.
  Task<void> Run(std::string fsid, std::function<void(const Status&)> refused);

 private:
  std::shared_ptr<MdsApi> mds_;
  Executor& executor_;
  Timers& timers_;
  const std::string client_id_;
  const std::function<void(v1::Target&)> describe_;
  const std::string instance_;
  std::atomic<uint64_t> xid_{0};
  std::atomic<uint32_t> heartbeat_ms_{2000};
};

}  // namespace nacre
