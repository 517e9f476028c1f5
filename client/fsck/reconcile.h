// UnclaimedNames: entries whose inode does not know of them, met before that inode is. Without them it would be called
// lost, though mending the entry is all it needs. Such an entry does not move unseen: whatever moves it makes its inode
// know it. Pure; memory for each such entry, of which a sound filesystem has none.
#pragma once

#include <optional>
#include <unordered_map>

#include "common/fs/fid.h"
#include "mds.pb.h"

namespace nacre {

class UnclaimedNames {
 public:
  // In the order of the walk: all entries, then all inodes. nullopt: what was found of the entries explains it.
  std::optional<v1::Finding> Reconcile(v1::Finding finding);

 private:
  static constexpr size_t kInodesMax = 1'000'000;  // beyond, an inode may be called lost that is not
  std::unordered_map<Fid, uint64_t, FidHash> names_;
};

}  // namespace nacre
