// The process around an AgentServer: no core dumps, no ptrace by others, locked memory where the limits allow it,
// detached from whoever started it. Called from main before any thread exists.
#pragma once

#include <string>

#include "common/base/status.h"

namespace nacre::agent {

struct AgentProcessOptions {
  std::string directory;    // empty: FindAgentDirectory()
  bool foreground = false;  // else the call returns once the agent listens, and the agent lives on as another process
};

// kBusy is no error here: an agent that runs already is as good.
Status RunAgent(const AgentProcessOptions& options);

// Starts `program agent` with an empty environment but for its place, and waits until it listens. Any thread.
Status StartAgent(const std::string& program);

}  // namespace nacre::agent
