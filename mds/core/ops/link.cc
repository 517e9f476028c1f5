// Link: one more name for a file.
#include "common/wire/wire.h"
#include "mds/core/links.h"
#include "mds/core/names.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {

Answer<v1::LinkReply> ServeLink(Core& core, Op& op, const v1::LinkRequest& request) {
  const Fid fid = FromWire(request.fid());
  auto found = op.Find(fid);
  if (!found.ok()) co_return found.status();
  auto parent = LoadParent(core, op, request.parent(), kMaySearch);
  if (!parent.ok()) co_return parent.status();
  auto place = FindPlace(core, op, *parent, request.name());
  if (!place.ok()) co_return place.status();
  if (place->entry) co_return Status(Code::kExists, "the name is taken by " + ToString(place->entry->fid));
  if (!MayAccess(OwnershipOf(*parent->row), op.caller(), kMayWrite)) {
    co_return Status(Code::kAccessDenied, "the mode of directory " + ToString(parent->fid) + " lets you make nothing in it");
  }
  if (!op.is_replay()) NACRE_CO_RETURN_IF_ERROR(core.room.Check());
  if (IsDirectory(**found)) co_return Status(Code::kNotPermitted, "a directory has one name");
  const uint32_t nlink = (*found)->attr().nlink();
  if (nlink == 0) co_return Status(Code::kNotFound, "file " + ToString(fid) + " has lost its last name");
  if (nlink >= kLinksMax) {
    co_return Status(Code::kTooManyLinks, "file " + ToString(fid) + " has " + std::to_string(nlink) + " names, the most");
  }
  NACRE_CO_RETURN_IF_ERROR(CheckArrivalContext(*parent, **found));
  if (place->free_cookie == 0) co_return Status(Code::kNoSpace, "256 names of the directory share one hash");

  Change change(core, op);
  rows::InodeRow row = **found;
  AddName(change, fid, parent->fid, place->free_cookie, row);
  row.mutable_attr()->set_version(change.transno());
  v1::LinkReply reply;
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, fid, row, reply.mutable_inode()));
  const Dirent entry{
      .cookie = place->free_cookie, .name = request.name().stored(), .fid = fid, .type = row.attr().type()};
  change.PutEntry(parent->fid, entry);
  change.CountEntries(parent->fid, 1, 0);
  change.PutInode(fid, std::move(row));
  change.Apply(op, reply);
  if (op.is_replay()) co_return reply;  // nobody looks at the size, and the OSTs may not be there yet
  NACRE_CO_RETURN_IF_ERROR(co_await MakeSizeExact(core, *reply.mutable_inode()));
  co_return reply;
}

}  // namespace nacre
