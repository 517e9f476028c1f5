#include "common/fs/permission.h"

namespace nacre {

bool MayAccess(const Ownership& inode, const Caller& caller, uint32_t wanted) {
  if (caller.root()) {
    // Root executes a file only if somebody may.
    return (wanted & kMaySearch) == 0 || inode.directory || (inode.mode & 0111) != 0;
  }
  uint32_t granted = inode.mode;
  if (caller.uid == inode.uid) {
    granted = inode.mode >> 6;
  } else if (caller.InGroup(inode.gid)) {
    granted = inode.mode >> 3;
  }
  return (wanted & ~granted & 7u) == 0;
}

Status CheckRemoval(const Ownership& directory, const Ownership& victim, const Caller& caller) {
  if (!MayAccess(directory, caller, kMayWrite | kMaySearch)) {
    return Status(Code::kAccessDenied, "the directory's mode does not let you take entries out");
  }
  const bool owner = caller.root() || caller.uid == victim.uid || caller.uid == directory.uid;
  if ((directory.mode & kSticky) != 0 && !owner) {
    return Status(Code::kNotPermitted, "the directory is sticky and the entry is another user's");
  }
  return Status::Ok();
}

Ownership OwnershipOfNew(const Ownership& parent, const Caller& caller, uint32_t mode, bool directory) {
  Ownership made{.mode = mode & kModeMask, .uid = caller.uid, .gid = caller.gid, .directory = directory};
  if ((parent.mode & kSetGid) == 0) return made;
  made.gid = parent.gid;
  if (directory) {
    made.mode |= kSetGid;
  } else if ((made.mode & (kSetGid | 010)) == (kSetGid | 010) && !caller.root() && !caller.InGroup(parent.gid)) {
    made.mode &= ~kSetGid;  // else anybody could make programs that run under the directory's group
  }
  return made;
}

Result<Ownership> ChangeOwnership(const Ownership& inode, const Caller& caller, const OwnershipChange& change) {
  const bool owner = caller.root() || caller.uid == inode.uid;
  Ownership after = inode;
  if (change.set_uid) {
    if (!caller.root() && !(owner && change.uid == inode.uid)) {
      return Status(Code::kNotPermitted, "only root gives an inode to another user");
    }
    after.uid = change.uid;
  }
  if (change.set_gid) {
    if (!caller.root() && !(owner && (change.gid == inode.gid || caller.InGroup(change.gid)))) {
      return Status(Code::kNotPermitted, "the group is changed only by the owner, to a group of theirs");
    }
    after.gid = change.gid;
  }
  if ((change.set_uid || change.set_gid) && !inode.directory) {
    after.mode &= ~kSetUid;
    if ((after.mode & 010) != 0) after.mode &= ~kSetGid;
  }
  if (change.set_mode) {
    if (!owner) return Status(Code::kNotPermitted, "the mode is changed only by the owner");
    after.mode = change.mode & kModeMask;
    if (!caller.root() && !caller.InGroup(after.gid)) after.mode &= ~kSetGid;
  }
  return after;
}

uint32_t ModeAfterWrite(const Ownership& inode, const Caller& caller) {
  if (caller.root() || inode.directory) return inode.mode;
  uint32_t mode = inode.mode & ~kSetUid;
  if ((mode & 010) != 0) mode &= ~kSetGid;
  return mode;
}

Status CheckSetTimes(const Ownership& inode, const Caller& caller, bool both_to_now) {
  if (caller.root() || caller.uid == inode.uid) return Status::Ok();
  if (!both_to_now) return Status(Code::kNotPermitted, "only the owner sets times to chosen values");
  if (MayAccess(inode, caller, kMayWrite)) return Status::Ok();
  return Status(Code::kAccessDenied, "setting times to now needs the owner or write permission");
}

}  // namespace nacre
