// RunSeed: one seed's world from its first client to its last check.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/plan.h"

namespace nacre::sim {

struct Verdict {
  uint64_t seed = 0;
  std::vector<std::string> failures;  // none: all held
  uint64_t digest = 0;                // of everything that happened
  double simulated_seconds = 0;
  uint64_t calls = 0, crashes = 0, replays = 0, resends = 0;
  bool stuck = false;
  std::vector<std::string> trace;  // if asked for
};

Verdict RunSeed(const Plan& plan, bool keep_trace);

}  // namespace nacre::sim
