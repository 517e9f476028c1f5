// GetPath: from the root down to an inode, by one of its names.
#include <algorithm>

#include "common/wire/wire.h"
#include "mds/core/names.h"
#include "mds/core/ops/operations.h"

namespace nacre {

Answer<v1::GetPathReply> ServeGetPath(Core& core, Op& op, const v1::GetPathRequest& request) {
  std::vector<v1::GetPathReply::Step> upwards;
  Fid fid = FromWire(request.fid());
  while (fid != kRootFid) {
    if (upwards.size() >= kDirectoryDepthMax) co_return Status(Code::kIo, "the parents of " + ToString(fid) + " do not end");
    auto row = op.Find(fid);
    if (!row.ok()) co_return row.status();
    if (!(*row)->has_parent()) co_return Status(Code::kNotFound, "file " + ToString(fid) + " has lost its last name");
    auto parent = LoadDirectory(core, op, FromWire((*row)->parent()), kMaySearch);
    if (!parent.ok()) co_return parent.status();
    auto entry = core.dirents.FindCookie(parent->fid, (*row)->parent_cookie());
    if (!entry.ok()) co_return entry.status();
    if (!entry->has_value() || (*entry)->fid != fid) {
      co_return Status(Code::kIo, "inode " + ToString(fid) + " is not where its row says");
    }
    v1::GetPathReply::Step& step = upwards.emplace_back();
    *step.mutable_fid() = ToWire(fid);
    step.set_name((*entry)->name);
    step.set_cookie((*entry)->cookie);
    step.set_parent_context(parent->row->context());
    fid = parent->fid;
  }
  v1::GetPathReply reply;
  std::for_each(upwards.rbegin(), upwards.rend(), [&](auto& step) { *reply.add_steps() = std::move(step); });
  co_return reply;
}

}  // namespace nacre
