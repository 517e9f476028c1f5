// SharedMoves: some directories and files that workers of several clients move about, all at once, into each other and past
// each other; none is ever removed or replaced. Whoever died and whatever was lost: at rest each is there exactly once, and
// no directory lies below itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/sim/tree_walk.h"

namespace nacre::sim {

class SharedMoves {
 public:
  explicit SharedMoves(World& world) : world_(world) {}

  Task<void> Make(SimClientPtr client);
  Task<void> Work(SimClientPtr client, uint32_t steps);
  Task<void> Verify(SimClientPtr client);
  Task<void> Clear(SimClientPtr client);

 private:
  // False: the worker stops.
  Task<bool> MoveOne(SimClientPtr client);
  std::string RandomName();

  World& world_;
  bool made_ = false;
  std::map<std::string, bool> directories_;  // by FID: is it one?
};

}  // namespace nacre::sim
