// Links: which names an inode has. One name (parent, cookie) stands in its row, the others of a file with several in family
// link, so a path can be told of every inode without a scan, and a file with one name costs no row more.
#pragma once

#include "mds/core/change.h"

namespace nacre {

// kNotEmpty.
Status CheckEmpty(Core& core, Op& op, const Fid& directory);

// The inode loses this name: one link less, ctime now; with the last it goes, or becomes an orphan if it is open. The
// entry and the parent's counters are the caller's. An error comes before anything is put.
Status RemoveName(Core& core, Change& change, const Fid& parent, const Dirent& entry, const rows::InodeRow& row);
// The row of an inode that gets one more name.
void AddName(Change& change, const Fid& fid, const Fid& parent, uint64_t cookie, rows::InodeRow& row);
// The row of one whose name moves.
void MoveName(Change& change, const Fid& fid, const Fid& from_parent, uint64_t from_cookie, const Fid& to_parent,
              uint64_t to_cookie, rows::InodeRow& row);

}  // namespace nacre
