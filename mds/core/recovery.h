// What happens between a restart and new work (DESIGN §7): the sessions of earlier lives are waited for, while their
// clients connect again and re-open what they had open. Until then nobody knows which files are open, so nobody else may
// look, change or destroy anything. On the strand.
#pragma once

#include "mds/core/core.h"

namespace nacre {

// What earlier lives left of sessions: their grants and reply records; who is to be waited for. Blocks.
Status LoadSessions(Core& core);

// The window opens if there is anybody to wait for. When it is closed, at once if not, orphans that nobody has re-opened
// are removed and the sessions that did not come are dropped.
void StartRecovery(Core& core);

// Time is over: closes the window if it is open and its time has come. For the server's clockwork.
void EndRecoveryInTime(Core& core);

// kUnavailable while new work has to wait.
Status CheckRecovered(const Core& core);

}  // namespace nacre
