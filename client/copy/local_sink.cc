#include "client/copy/local_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "client/core/chunk_plan.h"
#include "client/core/path.h"

namespace nacre {
namespace {

timespec FromNanoseconds(int64_t ns) {
  timespec time;
  time.tv_sec = ns / 1'000'000'000;
  time.tv_nsec = ns % 1'000'000'000;
  if (time.tv_nsec < 0) {
    time.tv_nsec += 1'000'000'000;
    --time.tv_sec;
  }
  return time;
}

Status SetTimes(const std::string& path, const NodeInfo& info) {
  const timespec times[2] = {FromNanoseconds(info.atime_ns), FromNanoseconds(info.mtime_ns)};
  if (utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return ErrnoStatus(errno, "setting times");
  return Status::Ok();
}

// The owner first: chown takes setuid and setgid away.
Status SetAll(const std::string& path, const NodeInfo& info) {
  if (geteuid() == 0 && lchown(path.c_str(), info.uid, info.gid) != 0) return ErrnoStatus(errno, "setting the owner");
  if (info.kind != FileKind::kSymlink && chmod(path.c_str(), info.mode) != 0) return ErrnoStatus(errno, "setting the mode");
  return SetTimes(path, info);
}

Status PutXattrs(const std::string& path, const Xattrs& xattrs) {
  for (const auto& [name, value] : xattrs) {
    if (lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) != 0) {
      return ErrnoStatus(errno, "setting an extended attribute");
    }
  }
  return Status::Ok();
}

class LocalSinkFile final : public SinkFile {
 public:
  LocalSinkFile(Executor& pool, const BufferPools& buffers, int fd, std::string path, NodeInfo info,
                LocalSinkOptions options)
      : pool_(pool), buffers_(buffers), fd_(fd), path_(std::move(path)), info_(std::move(info)), options_(options) {}
  ~LocalSinkFile() override { close(fd_); }

  uint64_t PieceEnd(uint64_t offset, uint64_t end) const override {
    return std::min(end, offset + (kChunkBytesMax - offset % kChunkBytesMax));
  }
  Task<PieceMemory> MemoryFor(uint64_t bytes) override {
    co_return PieceMemory{.buffer = buffers_.For(bytes).Take(), .share = {}};
  }

  Task<Status> Write(uint64_t offset, PieceMemory memory, uint64_t bytes, std::vector<ByteRange> holes) override {
    const ByteView all = memory.buffer->first(bytes);
    uint64_t at = offset;
    const uint64_t end = offset + bytes;
    holes.push_back({end, end});
    for (const ByteRange& hole : holes) {
      const Status written = WriteAll(at, all.subspan(at - offset, std::max(hole.begin, at) - at));
      if (!written.ok()) co_return written;
      at = std::max(at, hole.end);
    }
    co_return Status::Ok();
  }

  Task<Status> SetXattrs(Xattrs xattrs) override {
    co_await Hop(pool_);
    co_return PutXattrs(path_, xattrs);
  }

  Task<void> Finish(uint64_t size, std::function<void(Status)> verdict) override {
    co_await Hop(pool_);
    Status status;
    if (ftruncate(fd_, static_cast<off_t>(size)) != 0) status = ErrnoStatus(errno, "setting the size");
    if (status.ok() && options_.preserve) status = SetAll(path_, info_);
    verdict(status);
  }

 private:
  Status WriteAll(uint64_t offset, ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t done = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return ErrnoStatus(errno, "writing the local file");
      offset += static_cast<uint64_t>(done);
      bytes = bytes.subspan(static_cast<size_t>(done));
    }
    return Status::Ok();
  }

  Executor& pool_;
  const BufferPools& buffers_;
  const int fd_;
  const std::string path_;
  const NodeInfo info_;
  const LocalSinkOptions options_;
};

class LocalDirectory final : public SinkDirectory {
 public:
  LocalDirectory(Executor& pool, const BufferPools& buffers, std::string path, LocalSinkOptions options)
      : pool_(pool), buffers_(buffers), path_(std::move(path)), options_(options) {}

  Task<Result<std::shared_ptr<SinkDirectory>>> MakeDirectory(std::string name, NodeInfo info) override {
    co_await Hop(pool_);
    const std::string path = JoinPath(path_, name);
    // Writable while it is filled; the final mode comes last.
    const mode_t mode = options_.preserve ? 0700 : info.mode | 0700;
    if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) co_return ErrnoStatus(errno, "making the local directory");
    // A symlink to a directory is in the way too: it may have come out of this very copy, and lead anywhere.
    struct stat there;
    if (lstat(path.c_str(), &there) != 0) co_return ErrnoStatus(errno, "looking at the local directory");
    if (!S_ISDIR(there.st_mode)) co_return Status(Code::kNotDirectory, "a local file of that name is in the way");
    std::shared_ptr<SinkDirectory> made = std::make_shared<LocalDirectory>(pool_, buffers_, path, options_);
    co_return made;
  }

  Task<Result<std::shared_ptr<SinkFile>>> MakeFile(std::string name, NodeInfo info) override {
    co_await Hop(pool_);
    const std::string path = JoinPath(path_, name);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | (options_.preserve ? O_NOFOLLOW : 0);
    int fd = open(path.c_str(), flags, info.mode & 0777);
    if (fd < 0 && errno == ELOOP && unlink(path.c_str()) == 0) fd = open(path.c_str(), flags, info.mode & 0777);
    if (fd < 0) co_return ErrnoStatus(errno, "making the local file");
    std::shared_ptr<SinkFile> file =
        std::make_shared<LocalSinkFile>(pool_, buffers_, fd, path, std::move(info), options_);
    co_return file;
  }

  Task<Status> MakeOther(std::string name, NodeInfo info) override {
    co_await Hop(pool_);
    const std::string path = JoinPath(path_, name);
    Status made = Make(path, info);
    if (made.code() == Code::kExists && unlink(path.c_str()) == 0) made = Make(path, info);
    if (made.ok() && options_.preserve) made = SetAll(path, info);
    co_return made;
  }

  Task<Status> Link(SinkDirectory* first, std::string first_name, std::string name) override {
    co_await Hop(pool_);
    const std::string from = JoinPath(static_cast<LocalDirectory*>(first)->path_, first_name);
    const std::string to = JoinPath(path_, name);
    int failed = link(from.c_str(), to.c_str());
    if (failed != 0 && errno == EEXIST && unlink(to.c_str()) == 0) failed = link(from.c_str(), to.c_str());
    co_return failed == 0 ? Status::Ok() : ErrnoStatus(errno, "making a hard link");
  }

  Task<Status> SetXattrs(Xattrs xattrs) override {
    co_await Hop(pool_);
    co_return PutXattrs(path_, xattrs);
  }
  Task<Status> SetAttributes(NodeInfo info) override {
    co_await Hop(pool_);
    co_return SetAll(path_, info);
  }

 private:
  static Status Make(const std::string& path, const NodeInfo& info) {
    int failed = 0;
    switch (info.kind) {
      case FileKind::kSymlink: failed = symlink(info.target.c_str(), path.c_str()); break;
      case FileKind::kFifo: failed = mknod(path.c_str(), S_IFIFO | info.mode, 0); break;
      case FileKind::kSocket: failed = mknod(path.c_str(), S_IFSOCK | info.mode, 0); break;
      case FileKind::kCharDevice: failed = mknod(path.c_str(), S_IFCHR | info.mode, info.rdev); break;
      case FileKind::kBlockDevice: failed = mknod(path.c_str(), S_IFBLK | info.mode, info.rdev); break;
      case FileKind::kRegular:
      case FileKind::kDirectory: return Status(Code::kInvalid, "no special file");
    }
    return failed == 0 ? Status::Ok() : ErrnoStatus(errno, "making the local file");
  }

  Executor& pool_;
  const BufferPools& buffers_;
  const std::string path_;
  const LocalSinkOptions options_;
};

}  // namespace

std::shared_ptr<SinkDirectory> OpenLocalDirectory(Executor& pool, const BufferPools& buffers, const std::string& path,
                                                  LocalSinkOptions options) {
  return std::make_shared<LocalDirectory>(pool, buffers, path, options);
}

}  // namespace nacre
