#include "client/copy/remote_sink.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client/core/chunk_plan.h"
#include "client/core/file_info.h"
#include "common/fs/permission.h"

namespace nacre {
namespace {

constexpr uint32_t kSetIds = kSetUid | kSetGid;

class RemoteSinkFile final : public SinkFile {
 public:
  RemoteSinkFile(RemoteSink* sink, std::shared_ptr<OpenFile> file, NodeInfo info)
      : sink_(sink), file_(std::move(file)), info_(std::move(info)) {}

  uint64_t PieceEnd(uint64_t offset, uint64_t end) const override {
    const std::shared_ptr<const OpenFile::Placement> placement = file_->placement();
    const uint64_t in_stripe = LocateByte(placement->component, offset).length;
    return std::min({end, offset + in_stripe, offset + (kChunkBytesMax - offset % kChunkBytesMax)});
  }
  Task<PieceMemory> MemoryFor(uint64_t bytes) override { return file_->MemoryFor(bytes); }

  Task<Status> Write(uint64_t offset, PieceMemory memory, uint64_t bytes, std::vector<ByteRange> holes) override {
    if (holes.empty()) co_return co_await file_->WritePages(offset, std::move(memory), bytes);
    memory.share.Release();  // each Write takes its own
    const ByteView all = memory.buffer->first(bytes);
    const uint64_t end = offset + bytes;
    uint64_t at = offset;
    holes.push_back({end, end});
    for (const ByteRange& hole : holes) {
      const uint64_t data_end = std::max(hole.begin, at);
      const Status written = co_await file_->Write(at, all.subspan(at - offset, data_end - at));
      if (!written.ok()) co_return written;
      at = std::max(at, hole.end);
    }
    co_return Status::Ok();
  }

  Task<Status> SetXattrs(Xattrs xattrs) override {
    for (auto& [name, value] : xattrs) {
      v1::SetXattrRequest request;
      *request.mutable_fid() = ToWire(file_->fid());
      request.mutable_xattr()->set_name(name);
      request.mutable_xattr()->set_value(std::move(value));
      const Status set = co_await sink_->core()->names().SetXattr(std::move(request));
      if (!set.ok()) co_return set;
    }
    co_return Status::Ok();
  }

  Task<void> Finish(uint64_t size, std::function<void(Status)> verdict) override {
    // A hole at the end is nobody's write.
    Status status;
    if (file_->size() < size) status = co_await file_->Truncate(size);
    FileCloser::Closing closing;
    closing.file = file_;
    if (sink_->options().preserve) closing.atime_ns = info_.atime_ns;
    if (sink_->options().preserve) closing.mtime_ns = info_.mtime_ns;
    if (sink_->options().preserve && (info_.mode & kSetIds) != 0) {
      // By its close a writer takes these bits away.
      std::vector<FileCloser::Closing> one;
      one.push_back(std::move(closing));
      const std::vector<Status> closed = co_await sink_->core()->closer().CloseAll(std::move(one));
      if (status.ok()) status = closed.front();
      if (status.ok()) status = co_await SetOwnership();
      co_return verdict(status);
    }
    if (status.ok() && sink_->options().preserve) status = co_await SetOwnership();
    std::function<void(Status)> told = [status, verdict = std::move(verdict)](const Status& closed) {
      verdict(status.ok() ? closed : status);
    };
    co_await sink_->Close(std::move(closing), std::move(told));
  }

 private:
  // The source's mode, and owner if we may, unless they are these already.
  Task<Status> SetOwnership() {
    const v1::Attr attr = file_->Inode().attr();
    const bool own = geteuid() == 0 && (attr.uid() != info_.uid || attr.gid() != info_.gid);
    if (!own && attr.mode() == info_.mode && (info_.mode & kSetIds) == 0) co_return Status::Ok();
    v1::SetAttrRequest request;
    *request.mutable_fid() = ToWire(file_->fid());
    request.set_set_uid(own);
    request.set_uid(info_.uid);
    request.set_set_gid(own);
    request.set_gid(info_.gid);
    request.set_set_mode(true);  // a new owner takes setuid and setgid away
    request.set_mode(info_.mode);
    const Result<v1::Inode> set = co_await sink_->core()->names().SetAttr(std::move(request));
    co_return set.status();
  }

  RemoteSink* const sink_;
  const std::shared_ptr<OpenFile> file_;
  const NodeInfo info_;
};

class RemoteDirectory final : public SinkDirectory {
 public:
  RemoteDirectory(RemoteSink* sink, DirectoryPtr directory) : sink_(sink), directory_(std::move(directory)) {}

  std::string identity() const override { return ToString(directory_->fid()); }

  Task<Result<std::shared_ptr<SinkDirectory>>> MakeDirectory(std::string name, NodeInfo info) override {
    // Writable while it is filled; the final mode comes last.
    const uint32_t umask = sink_->core()->environment().umask;
    const uint32_t mode = sink_->options().preserve ? info.mode | 0700 : info.mode & ~umask;
    Result<v1::Inode> inode = co_await names().MakeDirectoryIn(directory_, name, mode);
    if (inode.code() == Code::kExists) inode = co_await names().LookupIn(directory_, name);
    if (!inode.ok()) co_return inode.status();
    const Result<DirectoryPtr> made = Directory::Open(*inode, sink_->core()->keys());
    if (!made.ok()) co_return made.status();
    co_return sink_->Directory(*made);
  }

  Task<Result<std::shared_ptr<SinkFile>>> MakeFile(std::string name, NodeInfo info) override {
    FileOpener::Wish wish;
    wish.read = true;
    wish.write = wish.create = wish.truncate = true;
    // Nobody runs what is only half here under its owner's ids.
    wish.mode = info.mode & ~kSetIds & ~(sink_->options().preserve ? 0 : sink_->core()->environment().umask);
    wish.hint = sink_->options().hint;
    wish.never = info.identity;
    Result<std::shared_ptr<OpenFile>> file = co_await sink_->core()->opener().OpenIn(directory_, name, wish);
    if (file.code() == Code::kLoop) {
      const Status removed = co_await Remove(name);
      if (!removed.ok()) co_return removed;
      file = co_await sink_->core()->opener().OpenIn(directory_, name, wish);
    }
    if (!file.ok()) co_return file.status();
    std::shared_ptr<SinkFile> made = std::make_shared<RemoteSinkFile>(sink_, *std::move(file), std::move(info));
    co_return made;
  }

  Task<Status> MakeOther(std::string name, NodeInfo info) override {
    Result<v1::Inode> made = co_await Make(name, info);
    if (made.code() == Code::kExists) {
      const Status removed = co_await Remove(name);
      if (!removed.ok()) co_return removed;
      made = co_await Make(name, info);
    }
    if (!made.ok() || !sink_->options().preserve) co_return made.status();
    co_return co_await SetOn(FromWire(made->fid()), std::move(info));
  }

  Task<Status> Link(SinkDirectory* first, std::string first_name, std::string name) override {
    const DirectoryPtr from = static_cast<RemoteDirectory*>(first)->directory_;
    const Result<v1::Inode> inode = co_await names().LookupIn(from, std::move(first_name));
    if (!inode.ok()) co_return inode.status();
    Status linked = co_await names().LinkIn(FromWire(inode->fid()), directory_, name);
    if (linked.code() == Code::kExists) {
      const Status removed = co_await Remove(name);
      if (!removed.ok()) co_return removed;
      linked = co_await names().LinkIn(FromWire(inode->fid()), directory_, name);
    }
    co_return linked;
  }

  Task<Status> SetXattrs(Xattrs xattrs) override {
    for (auto& [name, value] : xattrs) {
      v1::SetXattrRequest request;
      *request.mutable_fid() = ToWire(directory_->fid());
      request.mutable_xattr()->set_name(name);
      request.mutable_xattr()->set_value(std::move(value));
      const Status set = co_await names().SetXattr(std::move(request));
      if (!set.ok()) co_return set;
    }
    co_return Status::Ok();
  }

  Task<Status> SetAttributes(NodeInfo info) override { return SetOn(directory_->fid(), std::move(info)); }

 private:
  Namespace& names() { return sink_->core()->names(); }

  Task<Result<v1::Inode>> Make(std::string name, NodeInfo info) {
    if (info.kind == FileKind::kSymlink) return names().MakeSymlinkIn(directory_, std::move(name), std::move(info.target));
    const uint32_t mode = sink_->options().preserve ? info.mode : info.mode & ~sink_->core()->environment().umask;
    return names().MakeNodeIn(directory_, std::move(name), TypeOf(info.kind), mode, info.rdev);
  }

  Task<Status> Remove(std::string name) {
    const Result<v1::EntryName> stored = directory_->NameToFind(name);
    if (!stored.ok()) co_return stored.status();
    co_return co_await names().UnlinkIn(directory_->AsParent(), *stored, false);
  }

  Task<Status> SetOn(Fid fid, NodeInfo info) {
    v1::SetAttrRequest request;
    *request.mutable_fid() = ToWire(fid);
    if (geteuid() == 0) {
      request.set_set_uid(true);
      request.set_uid(info.uid);
      request.set_set_gid(true);
      request.set_gid(info.gid);
    }
    if (info.kind != FileKind::kSymlink) {
      request.set_set_mode(true);
      request.set_mode(info.mode);
    }
    request.set_set_atime(true);
    request.set_atime_ns(info.atime_ns);
    request.set_set_mtime(true);
    request.set_mtime_ns(info.mtime_ns);
    const Result<v1::Inode> set = co_await names().SetAttr(std::move(request));
    co_return set.status();
  }

  RemoteSink* const sink_;
  const DirectoryPtr directory_;
};

}  // namespace

std::shared_ptr<SinkDirectory> RemoteSink::Directory(DirectoryPtr directory) {
  return std::make_shared<RemoteDirectory>(this, std::move(directory));
}

Task<void> RemoteSink::Close(FileCloser::Closing closing, std::function<void(Status)> verdict) {
  std::vector<Pending> batch;
  {
    std::lock_guard lock(mutex_);
    pending_.push_back({std::move(closing), std::move(verdict)});
    if (pending_.size() >= kBatch) batch.swap(pending_);
  }
  if (!batch.empty()) co_await CloseBatch(std::move(batch));
}

Task<void> RemoteSink::CloseAll() {
  std::vector<Pending> batch;
  {
    std::lock_guard lock(mutex_);
    batch.swap(pending_);
  }
  if (!batch.empty()) co_await CloseBatch(std::move(batch));
}

Task<void> RemoteSink::CloseBatch(std::vector<Pending> batch) {
  std::vector<FileCloser::Closing> closings;
  for (Pending& pending : batch) closings.push_back(std::move(pending.closing));
  const std::vector<Status> verdicts = co_await core_->closer().CloseAll(std::move(closings));
  for (size_t i = 0; i < batch.size(); ++i) batch[i].verdict(verdicts[i]);
}

}  // namespace nacre
