// What a directory passes on: its encryption policy and its default layout.
#include "common/fs/encryption_context.h"
#include "common/wire/wire.h"
#include "mds/core/births.h"
#include "mds/core/links.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

Result<ParentDirectory> LoadOwned(Core& core, Op& op, const v1::Fid& fid) {
  auto directory = LoadDirectory(core, op, FromWire(fid), 0);
  if (!directory.ok()) return directory;
  if (op.caller().root() || op.caller().uid == directory->row->attr().uid()) return directory;
  return Status(Code::kNotPermitted, "directory " + ToString(directory->fid) + " is another user's");
}

// Puts the changed row, and shows it as it will be.
template <typename Reply>
Status ApplyRow(Core& core, Op& op, Change& change, const Fid& fid, rows::InodeRow row, Reply& reply) {
  row.mutable_attr()->set_version(change.transno());
  NACRE_RETURN_IF_ERROR(ShowInode(core, fid, row, reply.mutable_inode()));
  reply.mutable_inode()->mutable_attr()->set_ctime_ns(change.now_ns());
  change.PutInode(fid, std::move(row));
  change.TouchDirectory(fid, {});
  change.ApplyStable(op, reply);  // what is made below relies on it, in many sessions
  return Status::Ok();
}

}  // namespace

Answer<v1::SetPolicyReply> ServeSetPolicy(Core& core, Op& op, const v1::SetPolicyRequest& request) {
  auto directory = LoadOwned(core, op, request.fid());
  if (!directory.ok()) co_return directory.status();
  const auto wanted = DecodeContext(AsBytes(request.context()));
  if (!wanted.ok()) co_return wanted.status();
  v1::SetPolicyReply reply;
  if (directory->encrypted()) {
    const auto has = DecodeContext(AsBytes(directory->row->context()));
    if (!has.ok()) co_return has.status();
    if (!(has->policy == wanted->policy)) {
      co_return Status(Code::kExists, "directory " + ToString(directory->fid) + " has another encryption policy");
    }
    NACRE_CO_RETURN_IF_ERROR(ShowInode(core, directory->fid, *directory->row, reply.mutable_inode()));
    co_return reply;
  }
  if (directory->fid == kRootFid) co_return Status(Code::kNotPermitted, "the root directory is not encrypted as a whole");
  NACRE_CO_RETURN_IF_ERROR(CheckEmpty(core, op, directory->fid));
  Change change(core, op);
  rows::InodeRow row = *directory->row;
  row.set_context(request.context());
  NACRE_CO_RETURN_IF_ERROR(ApplyRow(core, op, change, directory->fid, std::move(row), reply));
  co_return reply;
}

Answer<v1::SetLayoutReply> ServeSetLayout(Core& core, Op& op, const v1::SetLayoutRequest& request) {
  auto directory = LoadOwned(core, op, request.fid());
  if (!directory.ok()) co_return directory.status();
  NACRE_CO_RETURN_IF_ERROR(CheckHint(request.hint()));
  Change change(core, op);
  rows::InodeRow row = *directory->row;
  const v1::LayoutHint& hint = request.hint();
  if (hint.stripe_count() == 0 && hint.stripe_bytes() == 0 && !hint.has_first_ost()) {
    row.clear_default_layout();
  } else {
    *row.mutable_default_layout() = hint;
  }
  v1::SetLayoutReply reply;
  NACRE_CO_RETURN_IF_ERROR(ApplyRow(core, op, change, directory->fid, std::move(row), reply));
  co_return reply;
}

}  // namespace nacre
