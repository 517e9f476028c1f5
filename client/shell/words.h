// Text as the shell takes it: words with quotes and backslashes, commands parted by ';' or newlines, comments. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace nacre::shell {

using Words = std::vector<std::string>;

// 'single' takes everything as it is; "double" knows \" and \\; a backslash outside takes the next character as it is;
// '#' at the beginning of a word hides the rest of the line. kInvalid: a quote that does not end.
Result<std::vector<Words>> SplitCommands(std::string_view text);

// The word such that SplitCommands reads it back.
std::string Quoted(std::string_view word);

// Lines that name keys stay out of the history.
bool BearsSecret(std::string_view line);

}  // namespace nacre::shell
