// Finding entries by what requests say: the parent with its policy guard, stored and no-key names, and the rules for
// names that are to be made. No pause inside: what is found is true until the caller awaits something.
#pragma once

#include <optional>

#include "common/base/status.h"
#include "mds.pb.h"
#include "mds/core/core.h"

namespace nacre {

struct ParentDirectory {
  Fid fid;
  InodePtr row;
  bool encrypted() const { return !row->context().empty(); }
};

// A directory the caller may use so (bits of Access). kStale, kNotDirectory, kAccessDenied.
Result<ParentDirectory> LoadDirectory(Core& core, Op& op, const Fid& fid, uint32_t access);
// The same for a request's parent; kContextChanged if its policy is not the one the name was made for.
Result<ParentDirectory> LoadParent(Core& core, Op& op, const v1::Parent& parent, uint32_t access);

// Can a directory with this context have an entry of this name? kInvalid, kNameTooLong.
Status CheckNameToStore(const std::string& directory_context, const std::string& name);

// An existing entry; kNotFound.
Result<Dirent> FindEntry(Core& core, Op& op, const ParentDirectory& directory, const v1::EntryName& name);
// Where a name to be made is or would go. kNoKey for a no-key name: without the key nothing is named.
Result<DirentPlace> FindPlace(Core& core, Op& op, const ParentDirectory& directory, const v1::EntryName& name);

// What may be made in (or come into) this directory, from contexts alone. Regular files, directories and
// symlinks bear one; others never do. kCrossPolicy, kNotPermitted (born without), kInvalid.
Status CheckBirthContext(const ParentDirectory& parent, v1::FileType type, const std::string& context);
Status CheckArrivalContext(const ParentDirectory& parent, const rows::InodeRow& row);

}  // namespace nacre
