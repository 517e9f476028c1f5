// Lookup and getattr.
#include "common/wire/wire.h"
#include "mds/core/names.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {

namespace {

Answer<v1::LookupReply> LookUpOnce(Core& core, Op& op, const v1::LookupRequest& request) {
  auto parent = LoadParent(core, op, request.parent(), kMaySearch);
  if (!parent.ok()) co_return parent.status();
  auto entry = FindEntry(core, op, *parent, request.name());
  if (!entry.ok()) co_return entry.status();
  auto row = op.Find(entry->fid);
  if (row.code() == Code::kStale) co_return Status(Code::kIo, "an entry names " + ToString(entry->fid) + ", which is gone");
  if (!row.ok()) co_return row.status();
  v1::LookupReply reply;
  reply.set_cookie(entry->cookie);
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, entry->fid, **row, reply.mutable_inode()));
  NACRE_CO_RETURN_IF_ERROR(co_await MakeSizeExact(core, *reply.mutable_inode()));
  co_return reply;
}

}  // namespace

// While the OSTs are asked for the size the file may be removed: then the name is looked up anew, and is not there or is
// another file. (Or else the parent is gone.)
Answer<v1::LookupReply> ServeLookup(Core& core, Op& op, const v1::LookupRequest& request) {
  for (;;) {
    Result<v1::LookupReply> reply = co_await LookUpOnce(core, op, request);
    if (reply.code() != Code::kStale || core.stopping) co_return reply;
    const auto still_there = LoadParent(core, op, request.parent(), kMaySearch);
    if (!still_there.ok()) co_return still_there.status();
  }
}

Answer<v1::GetAttrReply> ServeGetAttr(Core& core, Op& op, const v1::GetAttrRequest& request) {
  const Fid fid = FromWire(request.fid());
  auto row = op.Find(fid);
  if (!row.ok()) co_return row.status();
  v1::GetAttrReply reply;
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, fid, **row, reply.mutable_inode()));
  NACRE_CO_RETURN_IF_ERROR(co_await MakeSizeExact(core, *reply.mutable_inode()));
  co_return reply;
}

}  // namespace nacre
