// Server processes of a development cluster: started so that they outlive their starter and hold none of its files,
// found again by pid and start time (a pid alone may by now be somebody else's). Linux only: reads /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace nacre::dev {

struct ProcessId {
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // since boot, field 22 of /proc/PID/stat
};

// In a session of its own, stdin /dev/null, stdout and stderr appended to log_path, nothing else open.
Result<ProcessId> StartDetached(const std::vector<std::string>& command, const std::string& log_path);

bool IsAlive(const ProcessId& process);  // zombies are dead
// Ok when it is gone; kTimedOut when it still lives after the limit. A process that is dead already is Ok.
Status StopAndWait(const ProcessId& process, int signal_number, std::chrono::milliseconds limit);

}  // namespace nacre::dev
