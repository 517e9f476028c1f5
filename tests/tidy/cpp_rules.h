// Rules about C++ that the compiler does not check. Pure: texts in, faults out. By braces and words, no parser: good enough
// for code in this style.
#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace nacre::tidy {

// g++ 12 destroys some temporaries of a co_await's full expression twice: closures with captures, and what is made by
// braces. They need a name of their own in a line before.
Faults CheckAwaitedTemporaries(const SourceFile& file);

// Types that other files can see: defined in a namespace that has a name, or in such a type.
struct TypeDefinition {
  std::string name;  // "nacre::agent::Request"
  std::string place;  // "client/agent/agent_protocol.h:60"
  std::string file;
};
std::vector<TypeDefinition> TypesOf(const SourceFile& file);

// One Definition Rule: a name that two files of the product give to two types. Linkers do not notice; programs crash.
Faults CheckOneDefinition(const std::vector<SourceFile>& files);

}  // namespace nacre::tidy
