// SetAttr: chmod, chown, utimes in one change.
#include "common/wire/wire.h"
#include "mds/core/change.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

Result<Ownership> Decide(Op& op, const rows::InodeRow& row, const v1::SetAttrRequest& request) {
  if (request.set_mode() && (request.mode() & ~kModeMask) != 0) return Status(Code::kInvalid, "mode bits beyond 07777");
  if (request.set_mode() && row.attr().type() == v1::FILE_TYPE_SYMLINK) {
    return Status(Code::kUnsupported, "a symlink's mode is never asked for and cannot be changed");
  }
  const Ownership before = OwnershipOf(row);
  if (request.set_atime() || request.set_mtime()) {
    const bool both_to_now =
        request.set_atime() && request.atime_now() && request.set_mtime() && request.mtime_now();
    NACRE_RETURN_IF_ERROR(CheckSetTimes(before, op.caller(), both_to_now));
  }
  OwnershipChange change;
  change.set_mode = request.set_mode();
  change.mode = request.mode();
  change.set_uid = request.set_uid();
  change.uid = request.uid();
  change.set_gid = request.set_gid();
  change.gid = request.gid();
  return ChangeOwnership(before, op.caller(), change);
}

void TakeTimes(const v1::SetAttrRequest& request, int64_t now_ns, v1::Attr* attr) {
  if (request.set_atime()) attr->set_atime_ns(request.atime_now() ? now_ns : request.atime_ns());
  if (request.set_mtime()) attr->set_mtime_ns(request.mtime_now() ? now_ns : request.mtime_ns());
  attr->set_ctime_ns(now_ns);
}

// The objects' newest time becomes the floor: what they say up to it is older than the time now set. Raising the file
// epoch first makes late writes come again, as new ones.
Task<Status> FenceTimes(Core& core, Fid fid) {
  auto row = core.inodes.Find(fid);
  if (!row.ok()) co_return row.status();
  if (!IsRegular(**row) || (*row)->attr().size_state() == v1::SIZE_EXACT) co_return Status();
  rows::InodeRow raised = **row;
  raised.mutable_attr()->set_file_epoch(raised.attr().file_epoch() + 1);
  const uint64_t epoch = raised.attr().file_epoch();
  const v1::Layout layout = raised.layout();
  Change change(core);
  change.PutInode(fid, std::move(raised));
  change.Apply();
  co_await core.committer.Stable(change.transno());
  std::vector<GlimpseWish> wishes;
  wishes.push_back({.fid = fid, .layout = &layout, .raise_epoch = epoch});
  auto sums = co_await Glimpse(core, std::move(wishes), true);
  if (!sums.ok()) co_return sums.status();
  auto now = core.inodes.Find(fid);
  if (!now.ok()) co_return now.status();
  if (!sums->front().any || sums->front().mtime_ns <= (*now)->object_mtime_floor_ns()) co_return Status();
  rows::InodeRow floored = **now;
  floored.set_object_mtime_floor_ns(sums->front().mtime_ns);
  Change floor(core);
  floor.PutInode(fid, std::move(floored));
  floor.Apply();
  co_return Status();
}

}  // namespace

Answer<v1::SetAttrReply> ServeSetAttr(Core& core, Op& op, const v1::SetAttrRequest& request) {
  const Fid fid = FromWire(request.fid());
  auto found = op.Find(fid);
  if (!found.ok()) co_return found.status();
  auto allowed = Decide(op, **found, request);
  if (!allowed.ok()) co_return allowed.status();
  LockTable<Fid>::Held lock;
  if (request.set_mtime() && IsRegular(**found)) {
    lock = co_await core.file_locks.Exclusive(fid);
    NACRE_CO_RETURN_IF_ERROR(co_await FenceTimes(core, fid));
    found = op.Find(fid);
    if (!found.ok()) co_return found.status();
    allowed = Decide(op, **found, request);  // it may have been given away meanwhile
    if (!allowed.ok()) co_return allowed.status();
  }
  Change change(core, op);
  rows::InodeRow row = **found;
  v1::Attr* attr = row.mutable_attr();
  attr->set_mode(allowed->mode);
  attr->set_uid(allowed->uid);
  attr->set_gid(allowed->gid);
  TakeTimes(request, change.now_ns(), attr);
  attr->set_version(change.transno());
  v1::SetAttrReply reply;
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, fid, row, reply.mutable_inode()));
  if (IsDirectory(row)) {
    std::optional<int64_t> mtime_ns;
    if (request.set_mtime()) mtime_ns = attr->mtime_ns();
    change.TouchDirectory(fid, mtime_ns);
    if (mtime_ns) reply.mutable_inode()->mutable_attr()->set_mtime_ns(*mtime_ns);
    reply.mutable_inode()->mutable_attr()->set_ctime_ns(change.now_ns());
  }
  change.PutInode(fid, std::move(row));
  // Others judge by mode and owner without a look at who changed them; fencing the times needed the OSTs.
  const bool fenced = request.set_mtime() && IsRegular(**found);
  if (request.set_mode() || request.set_uid() || request.set_gid() || fenced) {
    change.ApplyStable(op, reply);
  } else {
    change.Apply(op, reply);
  }
  lock.Release();
  if (op.is_replay()) co_return reply;  // nobody looks at the size, and the OSTs may not be there yet
  NACRE_CO_RETURN_IF_ERROR(co_await MakeSizeExact(core, *reply.mutable_inode()));
  co_return reply;
}

}  // namespace nacre
