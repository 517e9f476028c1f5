// The planted bugs by name, and which of them is on. One thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/planted_bug.h"

namespace nacre::sim {

const std::vector<std::pair<std::string, PlantedBug>>& PlantedBugs();
void Plant(PlantedBug bug);

}  // namespace nacre::sim
