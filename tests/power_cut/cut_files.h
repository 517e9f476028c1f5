// CutFiles: the system calls of nacre::Files on real files, noted on a CutDisk. Nothing is really synced: the disk below the
// test keeps its power.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "common/base/files.h"
#include "tests/power_cut/cut_disk.h"

namespace nacre {

class CutFiles final : public Files {
 public:
  explicit CutFiles(CutDisk& disk) : disk_(disk) {}
  int Open(const std::string& path, int flags, mode_t mode) override;
  int Close(int fd) override;
  ssize_t Write(int fd, const iovec* pieces, int count, off_t offset) override;
  int Punch(int fd, off_t offset, off_t length) override;
  int SyncData(int fd) override;
  int Sync(int fd) override { return SyncData(fd); }
  int SyncFilesystem(int fd) override;
  int MakeDirectory(const std::string& path, mode_t mode) override;
  int Rename(const std::string& from, const std::string& to) override;
  int Remove(const std::string& path) override;

 private:
  DiskNodePtr NodeOf(int fd);

  CutDisk& disk_;
  std::mutex mutex_;
  std::map<int, DiskNodePtr> open_;
};

}  // namespace nacre
