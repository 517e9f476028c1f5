// Words that must not stand in the tree, each with its reason. Pure: texts in, faults out.
#pragma once

#include <string>
#include <string_view>

#include "tests/tidy/source_tree.h"

namespace nacre::tidy {

Faults CheckWords(const SourceFile& file);

// Paths of the machine a file was written on. root: where this clone lies.
Faults CheckMachinePaths(const SourceFile& file, const std::string& root);

}  // namespace nacre::tidy
