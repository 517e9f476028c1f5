// What a client sees below a directory, for workers that move directories about.
#pragma once

#include <map>
#include <string>

#include "tests/sim/world.h"

namespace nacre::sim {

struct SeenInode {
  bool directory = false;
  std::string fid;  // as bytes
  uint32_t nlink = 0;
  bool has_context = false;
};
using SeenTree = std::map<std::string, SeenInode>;  // by path below the root, "a/b"

// While others move things about, some may be met twice, or not at all, and the walk may fail.
Task<Result<SeenTree>> WalkTree(SimClientPtr client, std::string root);

inline std::string FidOf(const v1::Inode& inode) { return inode.fid().SerializeAsString(); }

}  // namespace nacre::sim
