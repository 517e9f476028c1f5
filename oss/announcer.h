// Announcer: tells MDT0000 that this OST is there, where, and how full; again and again, as its heartbeat. The first answer
// brings the filesystem's id to a new data directory; an answer that this directory is another filesystem's is final, unless
// MDT0000 had taken this target in this life: then it is MDT0000 that went astray (restored from an old copy, say), while
// clients write here what is not stable yet. That is for the log; the target goes on serving and asking.
//
// Each answer also says which sessions are over: the target fences them, and says so in its next announcement.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/api/mds_api.h"
#include "common/base/executor.h"
#include "common/base/task.h"
#include "oss/core/fenced_sessions.h"

namespace nacre {

class ObjectServer;

class Announcer {
 public:
  struct Taken {  // by MDT0000
    std::string fsid;
    SessionFences fences;
  };
  // target: kind, index, address, boot count; how full it is, each announcement asks of serving (once there is one).
  // instance: the data directory's own id.
  Announcer(std::shared_ptr<MdsApi> mds, Executor& executor, Timers& timers, v1::Target target, std::string instance)
      : mds_(std::move(mds)), executor_(executor), timers_(timers), target_(std::move(target)),
        instance_(std::move(instance)) {}

  // One announcement. serving: null: nobody is served yet. kUnavailable: not reached.
  Task<Result<Taken>> Announce(std::string fsid, ObjectServer* serving);
  // Will not have us, ever.
  static bool IsFinal(Code answer);
  // The target has fenced these, as MDT0000 said. Before Run.
  void HasFenced(std::vector<uint64_t> sessions) { fenced_ = std::move(sessions); }

  // Announces for as long as the process lives. refused is told when MDT0000 will not have us from the first.
  using RefusedHandler = std::function<void(const Status&)>;
  Task<void> Run(std::string fsid, ObjectServer* serving, RefusedHandler refused);
  // One announcement of Run, and what follows from its answer.
  Task<void> Beat(std::string fsid, ObjectServer* serving, const RefusedHandler& refused);

 private:
  v1::RequestHeader Header(const std::string& fsid);
  Task<void> AddSpace(const std::string& fsid, ObjectServer& serving, v1::Target& target);

  const std::shared_ptr<MdsApi> mds_;
  Executor& executor_;
  Timers& timers_;
  const v1::Target target_;
  const std::string instance_;
  bool taken_ = false;          // by MDT0000, at least once
  Code last_answer_ = Code::kOk;
  std::vector<uint64_t> fenced_;  // of the evicted sessions that the last answer told
  std::atomic<uint64_t> xid_{0};
  std::atomic<uint32_t> heartbeat_ms_{2000};
};

}  // namespace nacre
