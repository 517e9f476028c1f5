// Unlink and rmdir.
#include "common/wire/wire.h"
#include "mds/core/change.h"
#include "mds/core/links.h"
#include "mds/core/names.h"
#include "mds/core/ops/operations.h"

namespace nacre {

Answer<v1::UnlinkReply> ServeUnlink(Core& core, Op& op, const v1::UnlinkRequest& request) {
  auto parent = LoadParent(core, op, request.parent(), kMaySearch);
  if (!parent.ok()) co_return parent.status();
  auto entry = FindEntry(core, op, *parent, request.name());
  if (!entry.ok()) co_return entry.status();
  auto row = op.Find(entry->fid);
  if (row.code() == Code::kStale) {
    co_return Status(Code::kIo, "an entry names " + ToString(entry->fid) + ", which is gone; `nacre fsck --repair` takes it away");
  }
  if (!row.ok()) co_return row.status();
  NACRE_CO_RETURN_IF_ERROR(CheckRemoval(OwnershipOf(*parent->row), OwnershipOf(**row), op.caller()));
  const bool is_directory = IsDirectory(**row);
  if (request.directory() && !is_directory) {
    co_return Status(Code::kNotDirectory, "inode " + ToString(entry->fid) + " is not a directory");
  }
  if (!request.directory() && is_directory) {
    co_return Status(Code::kIsDirectory, "inode " + ToString(entry->fid) + " is a directory");
  }
  if (is_directory) NACRE_CO_RETURN_IF_ERROR(CheckEmpty(core, op, entry->fid));

  Change change(core, op);
  NACRE_CO_RETURN_IF_ERROR(RemoveName(core, change, parent->fid, *entry, **row));
  change.RemoveEntry(parent->fid, entry->cookie);
  change.CountEntries(parent->fid, -1, is_directory ? -1 : 0);
  v1::UnlinkReply reply;
  change.Apply(op, reply);
  co_return reply;
}

}  // namespace nacre
