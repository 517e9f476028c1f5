#include "tests/power_cut/cut_rocks.h"

#include <utility>

namespace nacre {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// RocksDB only ever appends.
class NotedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  NotedFile(CutRocks::WritableFile file, CutDisk& disk, DiskNodePtr node)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), node_(std::move(node)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = FSWritableFileOwnerWrapper::Append(data, options, debug);
    if (status.ok()) disk_.Append(node_, data.ToString());
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& /*info*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const rocksdb::Slice& /*data*/, uint64_t /*offset*/, const IOOptions& /*options*/,
                            IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("direct writes");
  }
  IOStatus PositionedAppend(const rocksdb::Slice& /*data*/, uint64_t /*offset*/, const IOOptions& /*options*/,
                            const rocksdb::DataVerificationInfo& /*info*/, IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("direct writes");
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = FSWritableFileOwnerWrapper::Truncate(size, options, debug);
    if (status.ok()) disk_.Resize(node_, size);
    return status;
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    disk_.Sync(node_);
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  // Only begins to write: nothing is stable by it.
  IOStatus RangeSync(uint64_t /*offset*/, uint64_t /*bytes*/, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  CutDisk& disk_;
  const DiskNodePtr node_;
};

class NotedDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  NotedDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, CutDisk& disk, DiskNodePtr node)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk), node_(std::move(node)) {}
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    disk_.Sync(node_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*reason*/) override {
    return Fsync(options, debug);
  }

 private:
  CutDisk& disk_;
  const DiskNodePtr node_;
};

}  // namespace

IOStatus CutRocks::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options, WritableFile* file,
                                   IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<NotedFile>(std::move(*file), disk_, disk_.Open(path, true, true));
  return status;
}

IOStatus CutRocks::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options, WritableFile* file,
                                      IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::ReopenWritableFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<NotedFile>(std::move(*file), disk_, disk_.Open(path, true, false));
  return status;
}

IOStatus CutRocks::ReuseWritableFile(const std::string& /*path*/, const std::string& /*old_path*/,
                                     const rocksdb::FileOptions& /*options*/, WritableFile* /*file*/,
                                     IODebugContext* /*debug*/) {
  return IOStatus::NotSupported("logs are not recycled");
}

IOStatus CutRocks::NewRandomRWFile(const std::string& /*path*/, const rocksdb::FileOptions& /*options*/,
                                   std::unique_ptr<rocksdb::FSRandomRWFile>* /*file*/, IODebugContext* /*debug*/) {
  return IOStatus::NotSupported("files written at random");
}

IOStatus CutRocks::NewDirectory(const std::string& path, const IOOptions& options,
                                std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::NewDirectory(path, options, directory, debug);
  if (status.ok()) {
    *directory = std::make_unique<NotedDirectory>(std::move(*directory), disk_, disk_.Open(path, false, false));
  }
  return status;
}

IOStatus CutRocks::DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::DeleteFile(path, options, debug);
  if (status.ok()) disk_.Remove(path);
  return status;
}

IOStatus CutRocks::Truncate(const std::string& path, size_t size, const IOOptions& options, IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::Truncate(path, size, options, debug);
  if (status.ok()) disk_.Resize(disk_.Open(path, false, false), size);
  return status;
}

IOStatus CutRocks::CreateDir(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::CreateDir(path, options, debug);
  if (status.ok()) disk_.MakeDirectory(path);
  return status;
}

IOStatus CutRocks::CreateDirIfMissing(const std::string& path, const IOOptions& options, IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::CreateDirIfMissing(path, options, debug);
  if (status.ok()) disk_.MakeDirectory(path);
  return status;
}

IOStatus CutRocks::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                              IODebugContext* debug) {
  const IOStatus status = FileSystemWrapper::RenameFile(from, to, options, debug);
  if (status.ok()) disk_.Rename(from, to);
  return status;
}

IOStatus CutRocks::LinkFile(const std::string& /*from*/, const std::string& /*to*/, const IOOptions& /*options*/,
                            IODebugContext* /*debug*/) {
  return IOStatus::NotSupported("links");
}

}  // namespace nacre
