// Extended attributes: user, trusted and security, in clear as in fscrypt. The encryption context is none of them.
#include "common/wire/wire.h"
#include "mds/core/change.h"
#include "mds/core/ops/operations.h"

namespace nacre {
namespace {

enum class Space { kUser, kTrusted, kSecurity };

Result<Space> SpaceOf(const std::string& name) {
  if (name.size() > kXattrNameBytesMax) return Status(Code::kRange, "an xattr name has at most 255 bytes");
  if (name.find('\0') != std::string::npos) return Status(Code::kInvalid, "an xattr name with NUL");
  const std::pair<std::string_view, Space> spaces[] = {
      {"user.", Space::kUser}, {"trusted.", Space::kTrusted}, {"security.", Space::kSecurity}};
  for (const auto& [prefix, space] : spaces) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) return space;
  }
  return Status(Code::kUnsupported, "xattrs are user.*, trusted.* and security.*");
}

Status CheckMayChange(Op& op, const rows::InodeRow& row, Space space) {
  if (space == Space::kTrusted || space == Space::kSecurity) {
    return op.caller().root() ? Status() : Status(Code::kNotPermitted, "trusted.* and security.* are root's to change");
  }
  if (!IsRegular(row) && !IsDirectory(row)) {
    return Status(Code::kNotPermitted, "user.* xattrs are for files and directories");
  }
  // Else anybody who may make a file in a shared directory could mark the directory itself.
  if (IsDirectory(row) && (row.attr().mode() & kSticky) != 0 && !op.caller().root() &&
      op.caller().uid != row.attr().uid()) {
    return Status(Code::kNotPermitted, "a sticky directory's user.* xattrs are its owner's");
  }
  if (MayAccess(OwnershipOf(row), op.caller(), kMayWrite)) return Status::Ok();
  return Status(Code::kAccessDenied, "the mode does not let you change user.* xattrs");
}

bool MayRead(Op& op, const rows::InodeRow& row, Space space) {
  switch (space) {
    case Space::kTrusted:
      return op.caller().root();
    case Space::kUser:
      return (IsRegular(row) || IsDirectory(row)) && MayAccess(OwnershipOf(row), op.caller(), kMayRead);
    case Space::kSecurity:
      return true;
  }
  return false;
}

Result<std::optional<std::string>> OldValue(Core& core, const Fid& fid, const std::string& name) {
  auto value = core.kv.Get(kXattrFamily, XattrKey(fid, name));
  if (!value.ok()) return value.status().With("xattr of " + ToString(fid));
  return value;
}

Status CheckRequest(const v1::SetXattrRequest& request, bool there, uint64_t bytes_after) {
  if (request.create_only() && there) return Status(Code::kExists, "the xattr is there already");
  if ((request.replace_only() || request.remove()) && !there) return Status(Code::kNoData, "no such xattr");
  if (bytes_after > kXattrBytesMax) {
    return Status(Code::kNoSpace, "the xattrs of one inode have at most " + std::to_string(kXattrBytesMax) + " bytes");
  }
  return Status::Ok();
}

}  // namespace

Answer<v1::GetXattrsReply> ServeGetXattrs(Core& core, Op& op, const v1::GetXattrsRequest& request) {
  const Fid fid = FromWire(request.fid());
  auto row = op.Find(fid);
  if (!row.ok()) co_return row.status();
  v1::GetXattrsReply reply;
  if (!request.name().empty()) {
    auto space = SpaceOf(request.name());
    if (!space.ok()) co_return space.status();
    if (*space == Space::kUser && !MayAccess(OwnershipOf(**row), op.caller(), kMayRead)) {
      co_return Status(Code::kAccessDenied, "the mode does not let you read user.* xattrs");
    }
    auto value = OldValue(core, fid, request.name());
    if (!value.ok()) co_return value.status();
    if (!value->has_value() || !MayRead(op, **row, *space)) co_return Status(Code::kNoData, "no such xattr");
    v1::Xattr* xattr = reply.add_xattrs();
    xattr->set_name(request.name());
    xattr->set_value(std::move(**value));
    co_return reply;
  }
  if (!(*row)->attr().has_xattrs()) co_return reply;
  const std::string prefix = FidKey(fid);
  auto cursor = core.kv.Seek(kXattrFamily, prefix);
  for (; cursor->Valid() && cursor->key().starts_with(prefix); cursor->Next()) {
    std::string name(cursor->key().substr(kFidBytes));
    const auto space = SpaceOf(name);
    if (!space.ok() || !MayRead(op, **row, *space)) continue;
    v1::Xattr* xattr = reply.add_xattrs();
    xattr->set_name(std::move(name));
    xattr->set_value(std::string(cursor->value()));
  }
  NACRE_CO_RETURN_IF_ERROR(cursor->status());
  co_return reply;
}

Answer<v1::SetXattrReply> ServeSetXattr(Core& core, Op& op, const v1::SetXattrRequest& request) {
  const Fid fid = FromWire(request.fid());
  const std::string& name = request.xattr().name();
  auto space = SpaceOf(name);
  if (!space.ok()) co_return space.status();
  if ((request.create_only() && request.replace_only()) || (request.remove() && !request.xattr().value().empty())) {
    co_return Status(Code::kInvalid, "flags that contradict each other");
  }
  auto found = op.Find(fid);
  if (!found.ok()) co_return found.status();
  NACRE_CO_RETURN_IF_ERROR(CheckMayChange(op, **found, *space));
  auto old = OldValue(core, fid, name);
  if (!old.ok()) co_return old.status();
  rows::InodeRow row = **found;
  uint64_t bytes = row.xattr_bytes();
  if (old->has_value()) bytes -= name.size() + (*old)->size();
  if (!request.remove()) bytes += name.size() + request.xattr().value().size();
  NACRE_CO_RETURN_IF_ERROR(CheckRequest(request, old->has_value(), bytes));
  if (bytes > row.xattr_bytes() && !op.is_replay()) NACRE_CO_RETURN_IF_ERROR(core.room.Check());

  Change change(core, op);
  if (request.remove()) {
    change.batch().Delete(kXattrFamily, XattrKey(fid, name));
  } else {
    change.batch().Put(kXattrFamily, XattrKey(fid, name), request.xattr().value());
  }
  row.set_xattr_bytes(static_cast<uint32_t>(bytes));
  row.mutable_attr()->set_has_xattrs(bytes > 0);
  row.mutable_attr()->set_ctime_ns(change.now_ns());
  if (IsDirectory(row)) change.TouchDirectory(fid, {});
  change.PutInode(fid, std::move(row));
  v1::SetXattrReply reply;
  change.Apply(op, reply);
  co_return reply;
}

}  // namespace nacre
