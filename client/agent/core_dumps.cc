#include "client/agent/core_dumps.h"

#include <sys/prctl.h>

namespace nacre::agent {

void KeepOutOfCoreDumps() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace nacre::agent
