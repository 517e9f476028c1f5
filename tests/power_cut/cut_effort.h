// How often the rigs cut the power: NACRE_EFFORT=full is for a night, the default for every change.
#pragma once

#include <cstdlib>
#include <string_view>

namespace nacre {

inline int CutEffort(int rounds) {
  const char* effort = std::getenv("NACRE_EFFORT");
  return effort != nullptr && std::string_view(effort) == "full" ? rounds * 30 : rounds;
}

}  // namespace nacre
