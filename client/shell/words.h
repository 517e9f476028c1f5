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

// A line as far as it was typed, for completion: what is typed may end inside a quote or behind a backslash.
struct TypedLine {
  Words before;           // the finished words of the line's last command
  std::string word;       // the word being typed, as SplitCommands would read it; may be empty
  size_t word_begin = 0;  // where in the line it begins
  char quote = 0;         // ' or " if the word begins with that quote and has not closed it
};
TypedLine ReadTyped(std::string_view line);

// How a whole word continues what was typed: the text from word_begin on, without a closing quote. Empty: not writable so.
std::string TypedForm(std::string_view word, char quote);

// Lines that name keys stay out of the history.
bool BearsSecret(std::string_view line);

}  // namespace nacre::shell
