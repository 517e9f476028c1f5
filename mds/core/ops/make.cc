// Make: directories, symlinks and special files.
#include "common/wire/wire.h"
#include "mds/core/births.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

Status CheckSymlink(const ParentDirectory& parent, const v1::MakeRequest& request) {
  const std::string& target = request.symlink_target();
  if (target.empty()) return Status(Code::kNotFound, "a symlink to nothing");
  if (target.size() > kSymlinkBytesMax || request.symlink_size() >= kSymlinkBytesMax) {
    return Status(Code::kNameTooLong, "a symlink target of " + std::to_string(target.size()) + " bytes");
  }
  if (request.symlink_size() == 0) return Status(Code::kInvalid, "a symlink without the length of its clear target");
  if (parent.encrypted()) {
    if (target.size() >= 16) return Status::Ok();
    return Status(Code::kInvalid, "a symlink target in an encrypted directory is ciphertext of at least 16 bytes");
  }
  if (target.find('\0') != std::string::npos) return Status(Code::kInvalid, "a symlink target with NUL");
  if (request.symlink_size() != target.size()) return Status(Code::kInvalid, "a symlink whose length is not its target's");
  return Status::Ok();
}

Status CheckType(Op& op, const ParentDirectory& parent, const v1::MakeRequest& request) {
  const bool symlink = request.type() == v1::FILE_TYPE_SYMLINK;
  const bool device = request.type() == v1::FILE_TYPE_CHAR_DEVICE || request.type() == v1::FILE_TYPE_BLOCK_DEVICE;
  if (!symlink && (!request.symlink_target().empty() || request.symlink_size() != 0)) {
    return Status(Code::kInvalid, "only symlinks have a target");
  }
  if (!device && request.rdev() != 0) return Status(Code::kInvalid, "only devices have a number");
  switch (request.type()) {
    case v1::FILE_TYPE_DIRECTORY:
    case v1::FILE_TYPE_FIFO:
    case v1::FILE_TYPE_SOCKET:
      return Status::Ok();
    case v1::FILE_TYPE_SYMLINK:
      return CheckSymlink(parent, request);
    case v1::FILE_TYPE_CHAR_DEVICE:
    case v1::FILE_TYPE_BLOCK_DEVICE:
      return op.caller().root() ? Status::Ok() : Status(Code::kNotPermitted, "only root makes devices");
    default:
      return Status(Code::kInvalid, "Make makes no inode of type " + std::to_string(request.type()));
  }
}

void FillByType(Core& core, const Fid& fid, const ParentDirectory& parent, const v1::MakeRequest& request,
                rows::InodeRow& row) {
  row.mutable_attr()->set_rdev(request.rdev());
  if (request.type() == v1::FILE_TYPE_SYMLINK) {
    row.set_symlink_target(request.symlink_target());
    row.mutable_attr()->set_size(request.symlink_size());
    row.mutable_attr()->set_mode(0777);
  }
  if (request.type() == v1::FILE_TYPE_DIRECTORY) {
    SetSalt(core, fid, row);
    if (parent.row->has_default_layout()) *row.mutable_default_layout() = parent.row->default_layout();
  }
}

}  // namespace

Answer<v1::MakeReply> ServeMake(Core& core, Op& op, const v1::MakeRequest& request) {
  auto parent = LoadParent(core, op, request.parent(), kMaySearch);
  if (!parent.ok()) co_return parent.status();
  auto place = FindPlace(core, op, *parent, request.name());
  if (!place.ok()) co_return place.status();
  if (place->entry) co_return Status(Code::kExists, "the name is taken by " + ToString(place->entry->fid));
  NACRE_CO_RETURN_IF_ERROR(CheckType(op, *parent, request));
  const Birth birth{.fid = FromWire(request.fid()),
                    .type = request.type(),
                    .mode = request.mode(),
                    .context = request.context()};
  NACRE_CO_RETURN_IF_ERROR(CheckBirth(core, op, *parent, birth));
  if (place->free_cookie == 0) co_return Status(Code::kNoSpace, "256 names of the directory share one hash");

  Change change(core, op);
  rows::InodeRow row = NewInode(op, *parent, birth, place->free_cookie, change.now_ns());
  FillByType(core, birth.fid, *parent, request, row);
  row.mutable_attr()->set_version(change.transno());
  v1::MakeReply reply;
  reply.set_cookie(place->free_cookie);
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, birth.fid, row, reply.mutable_inode()));
  if (birth.type == v1::FILE_TYPE_DIRECTORY) {
    // Its own counters begin with this change and are not in the store yet.
    reply.mutable_inode()->mutable_attr()->set_mtime_ns(change.now_ns());
    reply.mutable_inode()->mutable_attr()->set_ctime_ns(change.now_ns());
    change.TouchDirectory(birth.fid, change.now_ns());
  }
  PutBirth(core, op, change, *parent, birth, request.name().stored(), place->free_cookie, std::move(row));
  change.Apply(op, reply);
  co_return reply;
}

}  // namespace nacre
