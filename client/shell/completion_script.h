// The completion script of a shell on this machine, made from the command tree: command names, options, local files.
#pragma once

#include <string>

namespace nacre::shell {

class CommandTree;

std::string BashCompletion(CommandTree& tree);
std::string ZshCompletion(CommandTree& tree);  // the bash script through zsh's bashcompinit

}  // namespace nacre::shell
