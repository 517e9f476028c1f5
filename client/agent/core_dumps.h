// What a process with keys does first: the agent, and every command, which has keys while it works.
#pragma once

namespace nacre::agent {

// Makes this process undumpable: it leaves no core file, whatever its limits and the system's core pattern, and its memory
// is closed to other processes of the user. A process it executes starts dumpable again; so this, and not a core limit of
// 0, is for processes that start servers: those would inherit the limit, and hold no keys.
void KeepOutOfCoreDumps();

}  // namespace nacre::agent
