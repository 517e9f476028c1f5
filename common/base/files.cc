#include "common/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace nacre {

int Files::Open(const std::string& path, int flags, mode_t mode) { return open(path.c_str(), flags, mode); }
int Files::Close(int fd) { return close(fd); }
ssize_t Files::Write(int fd, const iovec* pieces, int count, off_t offset) { return pwritev(fd, pieces, count, offset); }
int Files::Punch(int fd, off_t offset, off_t length) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
int Files::SyncData(int fd) { return fdatasync(fd); }
int Files::Sync(int fd) { return fsync(fd); }
int Files::SyncFilesystem(int fd) { return syncfs(fd); }
int Files::MakeDirectory(const std::string& path, mode_t mode) { return mkdir(path.c_str(), mode); }
int Files::Rename(const std::string& from, const std::string& to) { return rename(from.c_str(), to.c_str()); }
int Files::Remove(const std::string& path) { return unlink(path.c_str()); }

Files& SystemFiles() {
  static Files files;
  return files;
}

Status SyncDirectory(Files& files, const std::string& path) {
  const int fd = files.Open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, "opening " + path);
  const Status status = files.Sync(fd) == 0 ? Status::Ok() : ErrnoStatus(errno, "syncing " + path);
  files.Close(fd);
  return status;
}

namespace {

// Without a slash at the end.
std::string Plain(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : Plain(path.substr(0, slash));
}

bool IsDirectory(const std::string& path) {
  struct stat there;
  return stat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode);
}

}  // namespace

Status MakeDirectoriesDurably(Files& files, const std::string& path, mode_t mode) {
  const std::string plain = Plain(path), parent = ParentOf(plain);
  const bool there = plain == "." || IsDirectory(plain);
  if (!there) {
    if (parent != plain) NACRE_RETURN_IF_ERROR(MakeDirectoriesDurably(files, parent, mode));
    if (files.MakeDirectory(plain, mode) != 0 && errno != EEXIST) return ErrnoStatus(errno, "making " + plain);
    if (!IsDirectory(plain)) return ErrnoStatus(ENOTDIR, "making " + plain);
  }
  // What somebody else made, in a directory that is not ours to read, is as durable as they made it.
  if (there && access(parent.c_str(), R_OK) != 0) return Status::Ok();
  return SyncDirectory(files, parent);
}

}  // namespace nacre
