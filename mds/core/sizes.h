// Sizes: what stat shows of files whose size only their objects know. Nobody writing: the MDS raises the file epoch, asks
// the OSTs and makes the size exact again; somebody writing: it asks, and shows what they say now. ShowInode turns rows
// into what clients see.
#pragma once

#include <vector>

#include "common/base/task.h"
#include "mds/core/core.h"

namespace nacre {

// The row as clients see it, size and state as stored. Directories: with their counters.
Status ShowInode(Core& core, const Fid& fid, const rows::InodeRow& row, v1::Inode* out);

// What the objects of one file say together.
struct ObjectSums {
  uint64_t size = 0;
  uint64_t allocated_bytes = 0;
  int64_t mtime_ns = 0;  // the largest; of no object: 0
  bool any = false;
};
struct GlimpseWish {
  Fid fid;
  const v1::Layout* layout = nullptr;  // outlives the call
  uint64_t raise_epoch = 0;            // 0: leave it
};
// One request per OST and 1000 objects, all at the same time. kUnavailable names the OST that does not answer.
Task<Result<std::vector<ObjectSums>>> Glimpse(Core& core, std::vector<GlimpseWish> wishes, bool commit);

// The row with what the objects say in it. mtime: the objects' newest, unless utimes came later.
void ApplySums(const ObjectSums& sums, rows::InodeRow& row);

// Shows the inodes with exact sizes, in order, one that is gone meanwhile without a fid. Takes file locks. kUnavailable names
// an OST that must be asked, or that a change of such a file's size waits for.
Task<Result<std::vector<v1::Inode>>> ShowExact(Core& core, std::vector<Fid> fids);
// For one just shown: asks only if it must. kStale if it is gone meanwhile.
Task<Status> MakeSizeExact(Core& core, v1::Inode& inode);

}  // namespace nacre
