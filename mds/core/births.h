// Births: what every new inode needs, whatever its type: a FID of the session's own, the parent's leave, a context that
// fits, owner and mode. And where a new file's data will lie. No pause inside.
#pragma once

#include "mds/core/change.h"
#include "mds/core/names.h"

namespace nacre {

struct Birth {
  Fid fid;
  v1::FileType type = v1::FILE_TYPE_NONE;
  uint32_t mode = 0;
  std::string context;
};

// May it be made, as far as everything but the name goes? kAccessDenied, kInvalid, kNotPermitted, kCrossPolicy.
Status CheckBirth(Core& core, Op& op, const ParentDirectory& parent, const Birth& birth);

// The row, complete but for what only its type has. Times: now.
rows::InodeRow NewInode(Op& op, const ParentDirectory& parent, const Birth& birth, uint64_t cookie, int64_t now_ns);

// How names are found in a new directory: the same when the request is replayed, and not to be foreseen by who makes
// them.
void SetSalt(const Core& core, const Fid& fid, rows::InodeRow& row);

// Inode, entry, the parent's counters, and the FID is used. What CheckBirth let through.
void PutBirth(Core& core, Op& op, Change& change, const ParentDirectory& parent, const Birth& birth, std::string name,
              uint64_t cookie, rows::InodeRow row);

// Nonsense is refused: kInvalid.
Status CheckHint(const v1::LayoutHint& hint);
// By the user's wish, else the directory's default, else 1 stripe of 1 MiB. kUnavailable, kNoSpace, kInvalid.
Result<v1::Layout> LayoutOfNew(Core& core, const ParentDirectory& parent, const v1::LayoutHint& hint);

}  // namespace nacre
