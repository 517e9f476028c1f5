#include "client/copy/remote_source.h"

#include <utility>

#include "client/core/file_info.h"
#include "client/core/shown_entry.h"

namespace nacre {
namespace {

class RemoteFile final : public SourceFile {
 public:
  RemoteFile(ClientCore* core, std::shared_ptr<OpenFile> file) : core_(core), file_(std::move(file)) {}

  // Where the holes are shows itself in reading.
  Result<ByteRange> NextData(uint64_t from) override {
    const uint64_t size = file_->size();
    return ByteRange{std::min(from, size), size};
  }
  Task<Result<size_t>> Read(uint64_t offset, MutableBytes out, std::vector<ByteRange>* holes) override {
    std::vector<FileRange> found;
    Result<size_t> got = co_await file_->Read(offset, out, &found);
    for (const FileRange& hole : found) holes->push_back({hole.begin, hole.end});
    co_await Hop(*core_->environment().pool);  // what comes next enciphers, or blocks: nothing for whom the answer came to
    co_return got;
  }
  Task<void> Close() override {
    const Status ignored = co_await core_->closer().Close(file_);  // it was only read
    static_cast<void>(ignored);
  }

 private:
  ClientCore* const core_;
  const std::shared_ptr<OpenFile> file_;
};

class RemoteNode final : public SourceNode {
 public:
  RemoteNode(ClientCore* core, v1::Inode inode, std::string name)
      : core_(core), inode_(std::move(inode)), name_(std::move(name)) {}

  void Take(const FileInfo& info) {
    info_.kind = info.kind;
    info_.mode = info.mode;
    info_.uid = info.uid;
    info_.gid = info.gid;
    info_.nlink = info.kind == FileKind::kDirectory ? 1 : info.nlink;
    info_.size = info.size;
    info_.rdev = info.rdev;
    info_.atime_ns = info.atime_ns;
    info_.mtime_ns = info.mtime_ns;
    info_.identity = info.fid;
    info_.target = info.symlink_target;
  }

  const std::string& name() const override { return name_; }
  const NodeInfo& info() const override { return info_; }

  Task<Result<std::unique_ptr<SourceFile>>> Open() override {
    // Locked files are refused without a request.
    const Result<std::shared_ptr<OpenFile>> openable = core_->opener().Unopened(inode_);
    if (!openable.ok()) co_return openable.status();
    FileOpener::Wish wish;
    Result<std::shared_ptr<OpenFile>> file = co_await core_->opener().OpenKnown(inode_, std::move(wish));
    if (!file.ok()) co_return file.status();
    std::unique_ptr<SourceFile> opened = std::make_unique<RemoteFile>(core_, *std::move(file));
    co_return opened;
  }

  Task<Result<Xattrs>> ReadXattrs() override {
    Xattrs xattrs;
    if (!inode_.attr().has_xattrs()) co_return xattrs;
    const Result<v1::GetXattrsReply> reply = co_await core_->names().GetXattrs(FromWire(inode_.fid()), "");
    if (!reply.ok()) co_return reply.status();
    for (const v1::Xattr& xattr : reply->xattrs()) {
      if (xattr.name().starts_with("user.")) xattrs.emplace_back(xattr.name(), xattr.value());
    }
    co_return xattrs;
  }

  Task<Result<std::vector<std::shared_ptr<SourceNode>>>> NextChildren() override {
    std::vector<std::shared_ptr<SourceNode>> children;
    if (listed_) co_return children;
    const Result<DirectoryPtr> directory = Directory::Open(inode_, core_->keys());
    if (!directory.ok()) co_return directory.status();
    Result<v1::ReaddirReply> page = co_await core_->names().ReadPage((*directory)->fid(), after_, false);
    if (!page.ok()) co_return page.status();
    for (v1::ReaddirReply::Entry& entry : *page->mutable_entries()) {
      after_ = entry.cookie();
      Result<DirectoryEntry> shown = ShowEntry(**directory, entry, core_->keys());
      if (!shown.ok()) co_return shown.status();
      auto child = std::make_shared<RemoteNode>(core_, std::move(*entry.mutable_inode()), std::move(shown->name));
      child->Take(shown->info);
      child->info_.problem = std::move(shown->problem);
      children.push_back(std::move(child));
    }
    listed_ = page->end();
    co_return children;
  }

 private:
  ClientCore* const core_;
  const v1::Inode inode_;
  const std::string name_;
  NodeInfo info_;
  uint64_t after_ = 0;
  bool listed_ = false;
};

}  // namespace

Result<std::shared_ptr<SourceNode>> OpenRemoteNode(ClientCore* core, const v1::Inode& inode, const std::string& name) {
  const Result<FileInfo> info = Describe(inode, core->keys());
  if (!info.ok()) return info.status();
  auto node = std::make_shared<RemoteNode>(core, inode, name);
  node->Take(*info);
  return std::shared_ptr<SourceNode>(std::move(node));
}

}  // namespace nacre
