// The shape most commands that change something share: the same change for each path, going on after an error.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/shell/command_context.h"
#include "client/shell/walk.h"

namespace nacre::shell {

// The exit code of the first failure; each is reported as "cannot VERB 'PATH'".
int ForEachPath(CommandContext& context, const char* verb, const std::vector<std::string>& paths,
                const std::function<Status(Client&, const std::string& path)>& change);

// The same for all that is at and below each path, as walk.h has it.
int ForEachBelow(CommandContext& context, const char* verb, const std::vector<std::string>& paths, const WalkOptions& options,
                 const std::function<Status(Client&, const std::string& path, const FileInfo& info)>& change);

}  // namespace nacre::shell
