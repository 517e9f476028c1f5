// SharedLookups: lookups of one name by several threads of a client at the same time are one request (joint_calls.h). Any
// thread; whoever asks keeps it alive.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "client/core/joint_calls.h"
#include "client/core/session.h"

namespace nacre {

class SharedLookups {
 public:
  explicit SharedLookups(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  Task<Result<v1::Inode>> Ask(v1::LookupRequest request);

 private:
  using Asking = JointCalls<v1::LookupRequest, Result<v1::Inode>>;
  Task<std::vector<Result<v1::Inode>>> SendOne(std::vector<v1::LookupRequest> same);

  const std::shared_ptr<Session> session_;
  std::mutex mutex_;  // guards all below
  std::map<std::string, std::shared_ptr<Asking>> asking_;  // by the serialized request
};

}  // namespace nacre
