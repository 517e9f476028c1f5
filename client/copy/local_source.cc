#include "client/copy/local_source.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "client/core/path.h"
#include "common/base/units.h"

namespace nacre {
namespace {

constexpr size_t kChildrenPerAnswer = 1000;
constexpr uint64_t kStatBlockBytes = 512;
constexpr size_t kXattrBytesMax = 1 << 16;  // the kernel's limit for one value, and for all names of a file

FileKind KindOfMode(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return FileKind::kDirectory;
    case S_IFLNK: return FileKind::kSymlink;
    case S_IFIFO: return FileKind::kFifo;
    case S_IFSOCK: return FileKind::kSocket;
    case S_IFCHR: return FileKind::kCharDevice;
    case S_IFBLK: return FileKind::kBlockDevice;
    default: return FileKind::kRegular;
  }
}

class LocalFile final : public SourceFile {
 public:
  LocalFile(int fd, uint64_t size, bool sparse) : fd_(fd), size_(size), sparse_(sparse) {}
  ~LocalFile() override { close(fd_); }

  Result<ByteRange> NextData(uint64_t from) override {
    if (from >= size_) return ByteRange{size_, size_};
    if (!sparse_) return ByteRange{from, size_};
    const off_t data = lseek(fd_, static_cast<off_t>(from), SEEK_DATA);
    if (data < 0 && errno == ENXIO) return ByteRange{size_, size_};
    if (data < 0) return ErrnoStatus(errno, "looking for data");
    const off_t hole = lseek(fd_, data, SEEK_HOLE);
    if (hole < 0) return ErrnoStatus(errno, "looking for a hole");
    // Whole pages, so that no two ranges share one.
    const uint64_t begin = std::max(from, RoundDownToPage(static_cast<uint64_t>(data)));
    return ByteRange{begin, std::min(size_, RoundUpToPage(static_cast<uint64_t>(hole)))};
  }

  Task<Result<size_t>> Read(uint64_t offset, MutableBytes out, std::vector<ByteRange>*) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) co_return ErrnoStatus(errno, "reading");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    co_return done;
  }
  Task<void> Close() override { co_return; }

 private:
  const int fd_;
  const uint64_t size_;
  const bool sparse_;
};

class LocalNode final : public SourceNode {
 public:
  LocalNode(Executor& pool, std::string path, std::string name) : pool_(pool), path_(std::move(path)), name_(std::move(name)) {}
  ~LocalNode() override { CloseListing(); }

  Status Load(bool follow) {
    struct stat found;
    const int failed = follow ? stat(path_.c_str(), &found) : lstat(path_.c_str(), &found);
    if (failed != 0) return ErrnoStatus(errno, "looking at the local file");
    info_.kind = KindOfMode(found.st_mode);
    info_.mode = found.st_mode & 07777;
    info_.uid = found.st_uid;
    info_.gid = found.st_gid;
    info_.nlink = info_.kind == FileKind::kDirectory ? 1 : static_cast<uint32_t>(found.st_nlink);
    info_.size = static_cast<uint64_t>(found.st_size);
    info_.rdev = found.st_rdev;
    info_.atime_ns = ToNanoseconds(found.st_atim);
    info_.mtime_ns = ToNanoseconds(found.st_mtim);
    info_.identity = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
    sparse_ = static_cast<uint64_t>(found.st_blocks) * kStatBlockBytes < info_.size;
    if (info_.kind != FileKind::kSymlink) return Status::Ok();
    std::string target(1 << 16, '\0');
    const ssize_t length = readlink(path_.c_str(), target.data(), target.size());
    if (length < 0) return ErrnoStatus(errno, "reading the local symlink");
    target.resize(static_cast<size_t>(length));
    info_.target = std::move(target);
    return Status::Ok();
  }

  const std::string& name() const override { return name_; }
  const NodeInfo& info() const override { return info_; }

  Task<Result<std::unique_ptr<SourceFile>>> Open() override {
    co_await Hop(pool_);
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) co_return ErrnoStatus(errno, "opening the local file");
    const Result<uint64_t> size = SizeOfOpen(fd);
    std::unique_ptr<SourceFile> file = std::make_unique<LocalFile>(fd, size.ok() ? *size : 0, sparse_);
    if (!size.ok()) co_return size.status();
    co_return file;
  }

  Task<Result<Xattrs>> ReadXattrs() override {
    co_await Hop(pool_);
    Xattrs xattrs;
    if (info_.kind != FileKind::kRegular && info_.kind != FileKind::kDirectory) co_return xattrs;
    // Few files have any, so there is no room made for them before it is known.
    const ssize_t there_are = llistxattr(path_.c_str(), nullptr, 0);
    if (there_are == 0 || (there_are < 0 && errno == ENOTSUP)) co_return xattrs;
    std::string names(kXattrBytesMax, '\0');
    const ssize_t length = llistxattr(path_.c_str(), names.data(), names.size());
    if (length < 0) co_return ErrnoStatus(errno, "listing extended attributes");
    names.resize(static_cast<size_t>(length));
    for (size_t at = 0; at < names.size();) {
      const std::string name = names.c_str() + at;
      at += name.size() + 1;
      if (!name.starts_with("user.")) continue;
      std::string value(kXattrBytesMax, '\0');
      const ssize_t bytes = lgetxattr(path_.c_str(), name.c_str(), value.data(), value.size());
      if (bytes < 0) co_return ErrnoStatus(errno, "reading an extended attribute");
      value.resize(static_cast<size_t>(bytes));
      xattrs.emplace_back(name, std::move(value));
    }
    co_return xattrs;
  }

  Task<Result<std::vector<std::shared_ptr<SourceNode>>>> NextChildren() override {
    co_await Hop(pool_);
    std::vector<std::shared_ptr<SourceNode>> children;
    if (listed_) co_return children;
    if (listing_ == nullptr) listing_ = opendir(path_.c_str());
    if (listing_ == nullptr) co_return ErrnoStatus(errno, "listing the local directory");
    while (children.size() < kChildrenPerAnswer) {
      errno = 0;
      const dirent* const entry = readdir(listing_);
      if (entry == nullptr && errno != 0) co_return ErrnoStatus(errno, "listing the local directory");
      if (entry == nullptr) {
        // At once: while its children are copied, as many directories are held as the tree has.
        listed_ = true;
        CloseListing();
        break;
      }
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      auto child = std::make_shared<LocalNode>(pool_, JoinPath(path_, name), name);
      const Status loaded = child->Load(/*follow=*/false);
      if (loaded.code() == Code::kNotFound) continue;  // gone since
      if (!loaded.ok()) co_return loaded;
      children.push_back(std::move(child));
    }
    co_return children;
  }

 private:
  // What was listed as empty and has content now has grown since, or is one of those, as in /proc, that tell no size: the
  // copy would be empty, and no word of it. The content is looked at first, so that what grows between is not one of them.
  Result<uint64_t> SizeOfOpen(int fd) const {
    char byte = 0;
    if (info_.size != 0 || pread(fd, &byte, 1, 0) <= 0) return info_.size;
    struct stat now;
    if (fstat(fd, &now) != 0) return ErrnoStatus(errno, "looking at the local file");
    if (now.st_size > 0) return static_cast<uint64_t>(now.st_size);
    return Status(Code::kInvalid, "it has content but tells no size; put - PATH takes it from standard input");
  }

  void CloseListing() {
    if (listing_ != nullptr) closedir(std::exchange(listing_, nullptr));
  }

  Executor& pool_;
  const std::string path_, name_;
  NodeInfo info_;
  bool sparse_ = false;
  DIR* listing_ = nullptr;
  bool listed_ = false;  // to the end
};

}  // namespace

int64_t ToNanoseconds(const timespec& time) {
  int64_t ns = 0;
  const bool too_far = __builtin_mul_overflow(int64_t{time.tv_sec}, int64_t{1'000'000'000}, &ns) ||
                       __builtin_add_overflow(ns, int64_t{time.tv_nsec}, &ns);
  if (too_far) return time.tv_sec < 0 ? INT64_MIN : INT64_MAX;
  return ns;
}

Result<std::shared_ptr<SourceNode>> OpenLocalNode(Executor& pool, const std::string& path, bool follow) {
  auto node = std::make_shared<LocalNode>(pool, path, LastName(path));
  NACRE_RETURN_IF_ERROR(node->Load(follow).With(path));
  return std::shared_ptr<SourceNode>(std::move(node));
}

}  // namespace nacre
