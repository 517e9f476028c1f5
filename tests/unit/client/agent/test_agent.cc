// What AgentProcess tests start instead of nacre: `test_agent agent`.
#include "client/agent/agent_process.h"

int main() { return nacre::agent::RunAgent({}).ok() ? 0 : 1; }
