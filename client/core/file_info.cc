#include "client/core/file_info.h"

#include "client/crypto/file_keys.h"
#include "common/fs/nokey_name.h"
#include "common/wire/wire.h"

namespace nacre {
namespace {

Status With(const Status& status, const v1::Inode& inode) { return status.With(ToString(FromWire(inode.fid()))); }

}  // namespace

FileKind KindOf(v1::FileType type) { return static_cast<FileKind>(type); }
v1::FileType TypeOf(FileKind kind) { return static_cast<v1::FileType>(kind); }

static_assert(static_cast<int>(FileKind::kRegular) == v1::FILE_TYPE_REGULAR);
static_assert(static_cast<int>(FileKind::kBlockDevice) == v1::FILE_TYPE_BLOCK_DEVICE);

Result<std::string> ReadTarget(const v1::Inode& inode, KeyCache& keys) {
  if (inode.context().empty()) return inode.symlink_target();
  const Result<EncryptionContext> context = DecodeContext(AsBytes(inode.context()));
  if (!context.ok()) return With(Status(Code::kIntegrity, context.status().message()), inode);
  const Result<std::shared_ptr<const MasterKey>> master = keys.Find(context->policy.key_identifier);
  if (!master.ok()) return With(master.status(), inode);
  const Result<std::shared_ptr<const SymlinkCipher>> cipher = OpenTarget(**master, *context);
  if (!cipher.ok()) return With(cipher.status(), inode);
  Result<std::string> target = (*cipher)->DecryptTarget(AsBytes(inode.symlink_target()));
  if (!target.ok()) return With(target.status(), inode);
  return target;
}

Result<std::string> ShownTarget(const v1::Inode& inode, KeyCache& keys) {
  Result<std::string> target = ReadTarget(inode, keys);
  if (target.ok() || target.code() != Code::kNoKey) return target;
  Result<std::string> shown = EncodeNokeyTarget(AsBytes(inode.symlink_target()));
  if (!shown.ok()) return With(shown.status(), inode);
  return shown;
}

Result<FileInfo> Describe(const v1::Inode& inode, KeyCache& keys) {
  const v1::Attr& attr = inode.attr();
  FileInfo info;
  info.fid = ToString(FromWire(inode.fid()));
  if (attr.type() < v1::FILE_TYPE_REGULAR || attr.type() > v1::FILE_TYPE_BLOCK_DEVICE) {
    return Status(Code::kIntegrity, info.fid + ": the inode is gone or cannot be read");
  }
  info.kind = KindOf(attr.type());
  info.mode = attr.mode();
  info.uid = attr.uid();
  info.gid = attr.gid();
  info.nlink = attr.nlink();
  info.size = attr.size();
  info.blocks = attr.blocks();
  info.atime_ns = attr.atime_ns();
  info.mtime_ns = attr.mtime_ns();
  info.ctime_ns = attr.ctime_ns();
  info.rdev = attr.rdev();
  info.has_xattrs = attr.has_xattrs();
  info.context = inode.context();
  info.encrypted = !inode.context().empty();
  if (info.encrypted) {
    const Result<EncryptionContext> context = DecodeContext(AsBytes(inode.context()));
    if (!context.ok()) return With(Status(Code::kIntegrity, context.status().message()), inode);
    const Result<std::shared_ptr<const MasterKey>> master = keys.Find(context->policy.key_identifier);
    if (!master.ok() && master.code() != Code::kNoKey) return master.status();
    info.locked = !master.ok();
  }
  if (info.kind == FileKind::kSymlink) {
    Result<std::string> target = ShownTarget(inode, keys);
    if (!target.ok()) return target.status();
    info.symlink_target = *std::move(target);
    info.size = info.symlink_target.size();
  }
  return info;
}

LayoutInfo DescribeLayout(const v1::Inode& inode) {
  LayoutInfo info;
  if (inode.attr().type() == v1::FILE_TYPE_DIRECTORY) {
    info.stripe_bytes = inode.default_layout().stripe_bytes();
    info.stripe_count = inode.default_layout().stripe_count();
    return info;
  }
  const v1::Layout& layout = inode.layout();
  info.generation = layout.generation();
  if (layout.mirrors_size() == 0 || layout.mirrors(0).components_size() == 0) return info;
  const v1::Component& component = layout.mirrors(0).components(0);
  info.mirror_id = layout.mirrors(0).id();
  info.stripe_bytes = component.stripe_bytes();
  info.osts.assign(component.osts().begin(), component.osts().end());
  info.stripe_count = static_cast<uint32_t>(info.osts.size());
  return info;
}

v1::LayoutHint HintOf(const LayoutWish& wish) {
  v1::LayoutHint hint;
  hint.set_stripe_count(wish.stripe_count);
  hint.set_stripe_bytes(wish.stripe_bytes);
  hint.set_has_first_ost(wish.first_ost.has_value());
  hint.set_first_ost(wish.first_ost.value_or(0));
  return hint;
}

}  // namespace nacre
