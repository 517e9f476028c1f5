// Facts: what is known of one row of the metadata store, and of what it is connected with, at one moment. gather.h
// reads them, judge.h judges them. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/fs/fid.h"
#include "common/layout/layout.h"
#include "mds.pb.h"
#include "mds/core/dirstat.h"

namespace nacre {

// An inode as another row meets it.
enum class InodeState {
  kAbsent,
  kUnreadable,  // there is a row, and nobody can tell what it says
  kReadable,
};
struct MetInode {
  InodeState state = InodeState::kAbsent;
  v1::FileType type = v1::FILE_TYPE_NONE;
  std::string context;
  bool is_directory() const { return state == InodeState::kReadable && type == v1::FILE_TYPE_DIRECTORY; }
};

// A row of family dirent.
struct EntryFacts {
  std::string key;
  bool key_fits = false;  // else nothing else is known
  Fid directory;
  uint64_t cookie = 0;
  MetInode parent;
  bool row_reads = false;  // else nothing below is known
  std::string name;        // as stored
  Fid target;
  v1::FileType type = v1::FILE_TYPE_NONE;
  bool name_fits = true;        // it could be made in this directory
  bool name_leads_here = true;  // the cookie is one that the name may have, and no other entry has the name
  MetInode child;
  bool child_is_root = false;
  bool claimed = false;           // the child says that this is a name of it
  bool child_has_a_name = false;  // it says another one, and that one is there
};

// A name that an inode says it has: in its own row, or in one of family link.
struct ClaimedName {
  Fid parent;
  uint64_t cookie = 0;
  bool in_row = false;
  bool there = false;  // the entry is there, and leads to this inode
};

// A row of family inode, with what stands in other families under its FID.
struct InodeFacts {
  std::string key;
  bool key_fits = false;  // else nothing else is known
  Fid fid;
  bool row_reads = false;  // else nothing below is known
  v1::FileType type = v1::FILE_TYPE_NONE;
  uint32_t nlink = 0;
  std::vector<ClaimedName> names;
  size_t odd_link_rows = 0;  // whose key is no name
  bool orphan_row = false;
  bool leads_cycle = false;  // a directory below itself, the one with the lowest FID of its circle
  bool salt_fits = true;
  bool context_fits = true;
  bool layout_reads = true;
  std::optional<uint32_t> unknown_ost;  // one that the layout names
  bool says_xattrs = false;
  uint64_t xattr_bytes_stated = 0;
  uint64_t xattr_bytes = 0;
  bool is_root() const { return fid == kRootFid; }
};

// Rows of a family that belong to one FID, met without its inode.
struct LeftRowsFacts {
  v1::CheckArea area = v1::CHECK_NONE;
  std::string key;  // the first of them
  bool key_fits = false;
  Fid fid;
  bool inode_there = false;
};

// A directory's counters, and its entries as they were at the same moment.
struct CounterFacts {
  Fid fid;
  bool reads = true;
  Dirstat stated;
  int64_t entries = 0;
  int64_t subdirectories = 0;
};

// The exact size of a file nobody writes, and what its objects said meanwhile.
struct SizeFacts {
  Fid fid;
  uint64_t stated = 0;
  uint64_t of_objects = 0;
  uint64_t blocks_stated = 0;  // at least so many of 512 bytes were stored
  uint64_t blocks_of_objects = 0;
};

// An object that an OST has.
struct ObjectFacts {
  uint32_t ost = 0;
  std::string key;
  bool reads = false;  // key and row: else nothing below is known
  ObjectId object;
  InodeState inode = InodeState::kAbsent;
  bool layout_reads = true;      // of that inode, and it lies on OSTs that there are
  bool named_by_layout = false;  // as lying on this very OST
  bool freed = false;            // it is to be destroyed there
};

}  // namespace nacre
