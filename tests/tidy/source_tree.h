// SourceTree: the files of this repository as the tidy tests see them, and C++ text without what is not code.
// Read once, immutable. With git at hand only files git knows count; without (an unpacked tarball) all but build/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nacre::tidy {

struct SourceFile {
  std::string path;  // from the repository's root: "common/base/task.h"
  std::string text;
};

// A broken rule, as it is shown: "mds/core/a.cc:12: what is wrong".
using Faults = std::vector<std::string>;

const std::vector<SourceFile>& Tree();
const SourceFile* FindFile(std::string_view path);  // nullptr: no such file

bool StartsWith(std::string_view text, std::string_view prefix);
bool EndsWith(std::string_view text, std::string_view suffix);
bool IsBelow(std::string_view path, std::string_view folder);  // folder itself counts
bool IsCpp(std::string_view path);                             // .cc or .h
bool IsProduct(std::string_view path);                         // below common, mds, oss or client

std::vector<std::string> SplitLines(std::string_view text);
std::vector<std::string> SplitWords(std::string_view text);
int LineOf(std::string_view text, size_t offset);  // from 1
std::string At(const SourceFile& file, size_t offset, std::string_view what);

// The text with comments and the insides of literals replaced by spaces: same length, same lines.
std::string CodeOnly(std::string_view text);

std::string Join(const Faults& faults);

}  // namespace nacre::tidy
