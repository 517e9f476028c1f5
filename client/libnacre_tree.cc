// BlockingClient's calls on paths: each waits for its asynchronous counterpart and converts what comes.
#include "client/copy/copy.h"
#include "client/core/file_info.h"
#include "client/core/shown_entry.h"
#include "client/libnacre.h"

namespace nacre {
namespace {

constexpr uint64_t kRawPagesAtOnce = 1024;

Namespace::Last LastFor(Client::Follow follow) {
  return follow == Client::Follow::kYes ? Namespace::Last::kFollow : Namespace::Last::kLookUp;
}

Result<nacre::Fid> FidOf(std::string_view text) {
  const std::optional<nacre::Fid> fid = ParseFid(text);
  if (!fid) return Status(Code::kInvalid, "a FID looks like [0x2:0x5:0x0]");
  return *fid;
}

v1::SetAttrRequest NewMode(uint32_t mode) {
  v1::SetAttrRequest request;
  request.set_set_mode(true);
  request.set_mode(mode);
  return request;
}

v1::SetAttrRequest NewOwner(std::optional<uint32_t> uid, std::optional<uint32_t> gid) {
  v1::SetAttrRequest request;
  request.set_set_uid(uid.has_value());
  request.set_uid(uid.value_or(0));
  request.set_set_gid(gid.has_value());
  request.set_gid(gid.value_or(0));
  return request;
}

Result<std::shared_ptr<const MasterKey>> MasterKeyFrom(ByteView bytes) {
  Result<SecretKey> raw = SecretKey::FromBytes(bytes);
  if (!raw.ok()) return raw.status();
  return std::make_shared<const MasterKey>(*std::move(raw));
}

Status ReadRawPages(OpenFile& file, uint64_t first_page, uint64_t page_count,
                    const std::function<Status(ByteView pages)>& sink) {
  std::vector<uint8_t> pages(std::min(page_count, kRawPagesAtOnce) * kPageBytes);
  while (page_count > 0) {
    const uint64_t wanted = std::min(page_count, kRawPagesAtOnce);
    const Result<uint64_t> got = SyncWait(file.ReadRaw(first_page, wanted, pages));
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    NACRE_RETURN_IF_ERROR(sink(ByteView(pages).first(*got * kPageBytes)));
    first_page += *got;
    page_count -= *got;
  }
  return Status::Ok();
}

}  // namespace

Result<v1::Inode> BlockingClient::Find(std::string_view path, Follow follow) {
  return SyncWait(core_->names().Find(std::string(path), LastFor(follow)));
}

Result<FileInfo> BlockingClient::Stat(std::string_view path, Follow follow) {
  const Result<v1::Inode> inode = Find(path, follow);
  if (!inode.ok()) return inode.status();
  return Describe(*inode, core_->keys());
}

Status BlockingClient::List(std::string_view path, Follow follow,
                            const std::function<Status(std::vector<DirectoryEntry>)>& page) {
  const Namespace::Last last = follow == Follow::kYes ? Namespace::Last::kFollow : Namespace::Last::kLookUp;
  const Result<DirectoryPtr> directory = SyncWait(core_->names().FindDirectory(std::string(path), last));
  if (!directory.ok()) return directory.status();
  return ListPages(**directory, page);
}

Status BlockingClient::List(const FileInfo& directory, const std::function<Status(std::vector<DirectoryEntry>)>& page) {
  const Result<nacre::Fid> fid = FidOf(directory.fid);
  if (!fid.ok()) return fid.status();
  if (directory.kind != FileKind::kDirectory) return Status(Code::kNotDirectory, directory.fid + " is not a directory");
  const Result<DirectoryPtr> opened = Directory::Open(*fid, directory.context, core_->keys());
  if (!opened.ok()) return opened.status();
  return ListPages(**opened, page);
}

Status BlockingClient::ListPages(const Directory& directory, const std::function<Status(std::vector<DirectoryEntry>)>& page) {
  for (uint64_t after = 0;;) {
    const Result<v1::ReaddirReply> reply = SyncWait(core_->names().ReadPage(directory.fid(), after, false));
    if (!reply.ok()) return reply.status();
    std::vector<DirectoryEntry> entries;
    for (const v1::ReaddirReply::Entry& entry : reply->entries()) {
      Result<DirectoryEntry> shown = ShowEntry(directory, entry, core_->keys());
      if (!shown.ok()) return shown.status();
      entries.push_back(*std::move(shown));
      after = entry.cookie();
    }
    const bool end = reply->end() || entries.empty();
    NACRE_RETURN_IF_ERROR(page(std::move(entries)));
    if (end) return Status::Ok();
  }
}

Result<std::string> BlockingClient::PathOf(std::string_view text) {
  const Result<nacre::Fid> fid = FidOf(text);
  if (!fid.ok()) return fid.status();
  return SyncWait(core_->names().PathOf(*fid));
}

Status BlockingClient::MakeDirectory(std::string_view path, uint32_t mode, bool parents) {
  return SyncWait(core_->names().MakeDirectory(std::string(path), mode, parents));
}

Status BlockingClient::MakeSymlink(std::string_view target, std::string_view path) {
  return SyncWait(core_->names().MakeSymlink(std::string(target), std::string(path)));
}

Status BlockingClient::MakeNode(std::string_view path, FileKind kind, uint32_t mode, uint64_t rdev) {
  if (kind == FileKind::kRegular || kind == FileKind::kDirectory || kind == FileKind::kSymlink) {
    return Status(Code::kInvalid, "MakeNode makes special files");
  }
  return SyncWait(core_->names().MakeNode(std::string(path), TypeOf(kind), mode, rdev));
}

Status BlockingClient::Link(std::string_view from, std::string_view to) {
  return SyncWait(core_->names().Link(std::string(from), std::string(to)));
}

Status BlockingClient::Unlink(std::string_view path) {
  return SyncWait(core_->names().Unlink(std::string(path), /*directory=*/false));
}

Status BlockingClient::RemoveDirectory(std::string_view path) {
  return SyncWait(core_->names().Unlink(std::string(path), /*directory=*/true));
}

Status BlockingClient::RemoveTree(std::string_view path) {
  return SyncWait(core_->removal().Remove(std::string(path)));
}

Status BlockingClient::Rename(std::string_view from, std::string_view to, bool no_replace, bool exchange) {
  return SyncWait(core_->names().Rename(std::string(from), std::string(to), no_replace, exchange));
}

Status BlockingClient::Change(std::string_view path, v1::SetAttrRequest request) {
  const Result<Namespace::Place> place = SyncWait(core_->names().Walk(std::string(path), Namespace::Last::kFollow));
  if (!place.ok()) return place.status();
  *request.mutable_fid() = place->inode.fid();
  return SyncWait(core_->names().SetAttr(std::move(request))).status();
}

Status BlockingClient::Change(const FileInfo& file, v1::SetAttrRequest request) {
  const Result<nacre::Fid> fid = FidOf(file.fid);
  if (!fid.ok()) return fid.status();
  *request.mutable_fid() = ToWire(*fid);
  return SyncWait(core_->names().SetAttr(std::move(request))).status();
}

Status BlockingClient::SetMode(std::string_view path, uint32_t mode) { return Change(path, NewMode(mode)); }

Status BlockingClient::SetMode(const FileInfo& file, uint32_t mode) { return Change(file, NewMode(mode)); }

Status BlockingClient::SetOwner(std::string_view path, std::optional<uint32_t> uid, std::optional<uint32_t> gid) {
  return Change(path, NewOwner(uid, gid));
}

Status BlockingClient::SetOwner(const FileInfo& file, std::optional<uint32_t> uid, std::optional<uint32_t> gid) {
  return Change(file, NewOwner(uid, gid));
}

Status BlockingClient::SetTimes(std::string_view path, std::optional<int64_t> atime_ns,
                                std::optional<int64_t> mtime_ns) {
  v1::SetAttrRequest request;
  request.set_set_atime(atime_ns.has_value());
  request.set_atime_ns(atime_ns.value_or(0));
  request.set_set_mtime(mtime_ns.has_value());
  request.set_mtime_ns(mtime_ns.value_or(0));
  return Change(path, std::move(request));
}

Status BlockingClient::Touch(std::string_view path) {
  v1::SetAttrRequest request;
  request.set_set_atime(true);
  request.set_atime_now(true);
  request.set_set_mtime(true);
  request.set_mtime_now(true);
  return Change(path, std::move(request));
}

Result<std::string> BlockingClient::GetXattr(std::string_view path, std::string_view name) {
  if (name.empty()) return Status(Code::kInvalid, "an extended attribute has a name");
  const Result<v1::Inode> inode = Find(path, Follow::kYes);
  if (!inode.ok()) return inode.status();
  const Result<v1::GetXattrsReply> reply =
      SyncWait(core_->names().GetXattrs(FromWire(inode->fid()), std::string(name)));
  if (!reply.ok()) return reply.status();
  for (const v1::Xattr& xattr : reply->xattrs()) {
    if (xattr.name() == name) return xattr.value();
  }
  return Status(Code::kNoData, "no such extended attribute");
}

Result<std::vector<std::pair<std::string, std::string>>> BlockingClient::ListXattrs(std::string_view path) {
  const Result<v1::Inode> inode = Find(path, Follow::kYes);
  if (!inode.ok()) return inode.status();
  const Result<v1::GetXattrsReply> reply = SyncWait(core_->names().GetXattrs(FromWire(inode->fid()), ""));
  if (!reply.ok()) return reply.status();
  std::vector<std::pair<std::string, std::string>> xattrs;
  for (const v1::Xattr& xattr : reply->xattrs()) xattrs.emplace_back(xattr.name(), xattr.value());
  return xattrs;
}

Status BlockingClient::SetXattr(std::string_view path, std::string_view name, std::string_view value) {
  const Result<v1::Inode> inode = Find(path, Follow::kYes);
  if (!inode.ok()) return inode.status();
  v1::SetXattrRequest request;
  *request.mutable_fid() = inode->fid();
  request.mutable_xattr()->set_name(std::string(name));
  request.mutable_xattr()->set_value(std::string(value));
  return SyncWait(core_->names().SetXattr(std::move(request)));
}

Status BlockingClient::RemoveXattr(std::string_view path, std::string_view name) {
  const Result<v1::Inode> inode = Find(path, Follow::kYes);
  if (!inode.ok()) return inode.status();
  v1::SetXattrRequest request;
  *request.mutable_fid() = inode->fid();
  request.mutable_xattr()->set_name(std::string(name));
  request.set_remove(true);
  return SyncWait(core_->names().SetXattr(std::move(request)));
}

Result<std::unique_ptr<File>> BlockingClient::Open(std::string_view path, const OpenOptions& options) {
  if (!options.read && !options.write) return Status(Code::kInvalid, "an open neither for reading nor for writing");
  if ((options.truncate || options.append) && !options.write) {
    return Status(Code::kInvalid, "truncate and append need write");
  }
  FileOpener::Wish wish;
  wish.read = options.read;
  wish.write = options.write;
  wish.create = options.create;
  wish.exclusive = options.exclusive;
  wish.truncate = options.truncate;
  wish.mode = options.mode & ~umask_;
  wish.hint = HintOf(options.layout);
  Result<std::shared_ptr<OpenFile>> file = SyncWait(core_->opener().Open(std::string(path), std::move(wish)));
  if (!file.ok()) return file.status();
  return std::unique_ptr<File>(std::make_unique<BlockingFile>(core_.get(), *std::move(file), options.append));
}

Status BlockingClient::Truncate(std::string_view path, uint64_t size) {
  const Result<v1::Inode> inode = Find(path, Follow::kYes);
  if (!inode.ok()) return inode.status();
  const Result<std::shared_ptr<OpenFile>> file = core_->opener().Unopened(*inode);
  if (!file.ok()) return file.status();
  return SyncWait((*file)->Truncate(size));
}

Result<CopyReport> BlockingClient::Put(const std::string& local, std::string_view path, const CopyOptions& options) {
  return SyncWait(PutTree(core_.get(), local, std::string(path), options));
}

Result<CopyReport> BlockingClient::Get(std::string_view path, const std::string& local, const CopyOptions& options) {
  return SyncWait(GetTree(core_.get(), std::string(path), local, options));
}

Result<CopyReport> BlockingClient::Copy(std::string_view from, std::string_view to, const CopyOptions& options) {
  return SyncWait(CopyTree(core_.get(), std::string(from), std::string(to), options));
}

Result<LayoutInfo> BlockingClient::GetLayout(std::string_view path) {
  const Result<v1::Inode> inode = Find(path, Follow::kYes);
  if (!inode.ok()) return inode.status();
  return DescribeLayout(*inode);
}

Status BlockingClient::SetLayout(std::string_view path, const LayoutWish& wish) {
  const Result<v1::Inode> inode = Find(path, Follow::kYes);
  if (inode.code() == Code::kNotFound) {
    OpenOptions options;
    options.write = options.create = options.exclusive = true;
    options.layout = wish;
    const Result<std::unique_ptr<File>> file = Open(path, options);
    if (!file.ok()) return file.status();
    return (*file)->Close();
  }
  if (!inode.ok()) return inode.status();
  if (inode->attr().type() != v1::FILE_TYPE_DIRECTORY) {
    return Status(Code::kExists, "the layout of an existing file is changed by migration only");
  }
  v1::SetLayoutRequest request;
  *request.mutable_fid() = inode->fid();
  *request.mutable_hint() = HintOf(wish);
  return SyncWait(core_->session().Call(&MdsApi::SetLayout, std::move(request), CallKind::kChange)).status();
}

Status BlockingClient::Encrypt(std::string_view directory, ByteView master_key, const PolicyOptions& options) {
  Result<std::shared_ptr<const MasterKey>> key = MasterKeyFrom(master_key);
  if (!key.ok()) return key.status();
  return SyncWait(core_->policies().Encrypt(std::string(directory), *std::move(key), options));
}

Status BlockingClient::Unlock(std::string_view directory, ByteView master_key) {
  Result<std::shared_ptr<const MasterKey>> key = MasterKeyFrom(master_key);
  if (!key.ok()) return key.status();
  return SyncWait(core_->policies().Unlock(std::string(directory), *std::move(key)));
}

Status BlockingClient::Lock(std::string_view directory) {
  return SyncWait(core_->policies().Lock(std::string(directory)));
}

Result<std::vector<KeyState>> BlockingClient::Keys() { return core_->policies().Keys(); }

Result<KeyState> BlockingClient::KeyOf(std::string_view path) {
  return SyncWait(core_->policies().KeyOf(std::string(path)));
}

Status BlockingClient::RawPages(std::string_view path, uint64_t first_page, uint64_t page_count,
                                const std::function<Status(ByteView pages)>& sink) {
  const Result<std::shared_ptr<OpenFile>> file = SyncWait(core_->opener().OpenRaw(std::string(path)));
  if (!file.ok()) return file.status();
  const Status read = ReadRawPages(**file, first_page, page_count, sink);
  const Status closed = SyncWait(core_->closer().Close(*file));
  return read.ok() ? closed : read;
}

}  // namespace nacre
