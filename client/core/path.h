// Paths as people write them, cut into names. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace nacre {

struct PathNames {
  std::deque<std::string> names;   // without empty ones and "."; ".." stays
  bool wants_directory = false;    // ended in '/' or in "."
  bool absolute = false;
};

constexpr size_t kPathBytesMax = 1 << 20;

// kInvalid: a NUL in it; kNotFound: empty; kNameTooLong: nonsense sizes.
Result<PathNames> SplitPath(std::string_view path);

std::string JoinPath(std::string_view directory, std::string_view name);
// The last name of a path: "b" of "/a/b/"; empty of "/".
std::string LastName(std::string_view path);

}  // namespace nacre
