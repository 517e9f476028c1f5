#include "tests/power_cut/cut_files.h"

#include <fcntl.h>

namespace nacre {

int CutFiles::Open(const std::string& path, int flags, mode_t mode) {
  const int fd = Files::Open(path, flags, mode);
  if (fd < 0) return fd;
  DiskNodePtr node = disk_.Open(path, (flags & O_CREAT) != 0, (flags & O_TRUNC) != 0);
  std::lock_guard lock(mutex_);
  open_[fd] = std::move(node);
  return fd;
}

int CutFiles::Close(int fd) {
  {
    std::lock_guard lock(mutex_);
    open_.erase(fd);
  }
  return Files::Close(fd);
}

DiskNodePtr CutFiles::NodeOf(int fd) {
  std::lock_guard lock(mutex_);
  return open_.at(fd);
}

ssize_t CutFiles::Write(int fd, const iovec* pieces, int count, off_t offset) {
  const ssize_t wrote = Files::Write(fd, pieces, count, offset);
  if (wrote <= 0) return wrote;
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  bytes.resize(static_cast<size_t>(wrote));
  disk_.Write(NodeOf(fd), static_cast<uint64_t>(offset), std::move(bytes));
  return wrote;
}

int CutFiles::Punch(int fd, off_t offset, off_t length) {
  const int done = Files::Punch(fd, offset, length);
  if (done == 0) disk_.Clear(NodeOf(fd), static_cast<uint64_t>(offset), static_cast<uint64_t>(length));
  return done;
}

int CutFiles::SyncData(int fd) {
  disk_.Sync(NodeOf(fd));
  return 0;
}

int CutFiles::SyncFilesystem(int /*fd*/) {
  disk_.SyncAll();
  return 0;
}

int CutFiles::MakeDirectory(const std::string& path, mode_t mode) {
  const int made = Files::MakeDirectory(path, mode);
  if (made == 0) disk_.MakeDirectory(path);
  return made;
}

int CutFiles::Rename(const std::string& from, const std::string& to) {
  const int renamed = Files::Rename(from, to);
  if (renamed == 0) disk_.Rename(from, to);
  return renamed;
}

int CutFiles::Remove(const std::string& path) {
  const int removed = Files::Remove(path);
  if (removed == 0) disk_.Remove(path);
  return removed;
}

}  // namespace nacre
