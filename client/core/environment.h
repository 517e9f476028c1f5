// Environment: everything of the outside world that the client's core is given (the seams): servers, threads, time,
// chance, keys. The façade fills it with real things, tests and the simulator with theirs. All of it outlives the core.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/core/keyring.h"
#include "common/api/mds_api.h"
#include "common/api/oss_api.h"
#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"

namespace nacre {

struct Environment {
  std::shared_ptr<MdsApi> mds;
  std::string mds_address;  // for messages
  std::function<std::shared_ptr<OssApi>(const std::string& address)> connect_oss;
  Executor* pool = nullptr;  // cipher work, and whatever must not run on the thread that brought a reply
  Timers* timers = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;  // any thread
  Keyring* keyring = nullptr;
  v1::Caller caller;         // in whose name this process asks
  std::string client_name;
  std::function<void(const std::string&)> notice;  // what who waits may want to know; any thread; may be empty
  uint32_t umask = 022;      // of new directories that nobody gave a mode for
  Duration wait_timeout = std::chrono::seconds(60);
  uint64_t uncommitted_bytes_max = 64 << 20;
};

}  // namespace nacre
