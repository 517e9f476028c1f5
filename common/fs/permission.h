// Who may do what on an inode: POSIX mode bits, sticky and setgid directories, chmod, chown and utimes rules. Pure.
// uid 0 may everything, as on a local Linux filesystem.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/base/status.h"

namespace nacre {

constexpr uint32_t kModeMask = 07777;
constexpr uint32_t kSetUid = 04000, kSetGid = 02000, kSticky = 01000;

struct Caller {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;

  bool root() const { return uid == 0; }
  bool InGroup(uint32_t group) const {
    return gid == group || std::find(groups.begin(), groups.end(), group) != groups.end();
  }
};

// What of an inode decides.
struct Ownership {
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  bool directory = false;
  friend bool operator==(const Ownership&, const Ownership&) = default;
};

enum Access : uint32_t { kMayRead = 4, kMayWrite = 2, kMaySearch = 1 };

// wanted: bits of Access; all must be granted by the one class (owner, group, other) the caller belongs to.
bool MayAccess(const Ownership& inode, const Caller& caller, uint32_t wanted);

// May caller take a name of `victim` out of `directory` (unlink, rmdir, rename)? Needs to write and search the directory,
// and in a sticky one to own the victim or the directory. kAccessDenied / kNotPermitted.
Status CheckRemoval(const Ownership& directory, const Ownership& victim, const Caller& caller);

// What an inode made by caller in `parent` is born with.
Ownership OwnershipOfNew(const Ownership& parent, const Caller& caller, uint32_t mode, bool directory);

struct OwnershipChange {
  bool set_mode = false;
  uint32_t mode = 0;
  bool set_uid = false;
  uint32_t uid = 0;
  bool set_gid = false;
  uint32_t gid = 0;
};
// chmod and chown in one: the new ownership, setuid and setgid dropped where POSIX and Linux drop them. kNotPermitted.
Result<Ownership> ChangeOwnership(const Ownership& inode, const Caller& caller, const OwnershipChange& change);

// A write by anybody but root takes setuid away, and setgid where it means "set group id" (group may execute).
uint32_t ModeAfterWrite(const Ownership& inode, const Caller& caller);

// Setting a time to a value of one's own, or one of the two alone, is the owner's; both to "now" also of who may write.
Status CheckSetTimes(const Ownership& inode, const Caller& caller, bool both_to_now);

}  // namespace nacre
