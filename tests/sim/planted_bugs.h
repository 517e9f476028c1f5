// The planted bugs by name, and which of them is on. One thread.
#pragma once

#include <string>
#include <vector>

#include "common/base/planted_bug.h"

namespace nacre::sim {

struct Planting {
  std::string name;
  PlantedBug bug = PlantedBug::kNone;
  std::string says;        // what the check that is meant for it says; empty: any may find it
  bool encrypted = true;   // false: nothing is, which is bug enough
};
const std::vector<Planting>& PlantedBugs();
void Plant(PlantedBug bug);

}  // namespace nacre::sim
