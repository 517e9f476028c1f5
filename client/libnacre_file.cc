// BlockingFile: the File of nacre.h.
#include "client/core/file_info.h"
#include "client/libnacre.h"

namespace nacre {

BlockingFile::~BlockingFile() { static_cast<void>(Close().ok()); }

FileInfo BlockingFile::Info() {
  Result<FileInfo> info = Describe(file_->Inode(), core_->keys());
  return info.ok() ? *std::move(info) : FileInfo();
}

Result<size_t> BlockingFile::Read(uint64_t offset, MutableBytes out) { return SyncWait(file_->Read(offset, out)); }

Status BlockingFile::Write(uint64_t offset, ByteView data) {
  if (append_) return SyncWait(file_->Append(data)).status();
  return SyncWait(file_->Write(offset, data));
}

Result<uint64_t> BlockingFile::Append(ByteView data) { return SyncWait(file_->Append(data)); }

Status BlockingFile::Truncate(uint64_t size) { return SyncWait(file_->Truncate(size)); }

Status BlockingFile::Punch(uint64_t offset, uint64_t length) { return SyncWait(file_->Punch(offset, length)); }

Status BlockingFile::Sync() { return SyncWait(file_->Sync()); }

Status BlockingFile::Close() {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Status::Ok();
    closed_ = true;
  }
  return SyncWait(core_->closer().Close(file_));
}

}  // namespace nacre
