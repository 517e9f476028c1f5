// Which cluster: --config FILE, else $NACRE_CONFIG, else $XDG_CONFIG_HOME/nacre/client.toml (~/.config), else
// /etc/nacre/client.toml. Keys: mds = "HOST:PORT", wait_timeout = "60s".
#pragma once

#include <string>

#include "client/nacre.h"

namespace nacre::shell {

// agent_program is this very program. kInvalid: nothing configured, or what is there makes no sense.
Result<ClientOptions> FindClientOptions(const std::string& config_flag);
Result<ClientOptions> ReadClientConfig(const std::string& path);

std::string OwnProgram();           // /proc/self/exe
std::string OwnProgramDirectory();

}  // namespace nacre::shell
