// Where the agent of a user has its socket: $XDG_RUNTIME_DIR/nacre, else /run/user/UID/nacre, else /tmp/nacre-UID. The
// directory is private (0700) and the user's own, or it is refused: others could answer in the agent's name.
#pragma once

#include <string>

#include "common/base/status.h"

namespace nacre::agent {

// Makes the directory where it is missing. kNotPermitted: somebody else's, open to others, or no directory.
Result<std::string> FindAgentDirectory();
// The same for a directory that is given.
Status MakePrivateDirectory(const std::string& path);

std::string SocketPath(const std::string& directory);
std::string LockPath(const std::string& directory);

}  // namespace nacre::agent
