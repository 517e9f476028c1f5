// Files: the system calls by which servers change files, as a seam: tests put a disk behind it whose power can be cut
// (tests/power_cut). Each does what the call of its comment does: same results, errno set. What only reads needs no seam.
//
// Any thread.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <string>

#include "common/base/status.h"

namespace nacre {

class Files {
 public:
  virtual ~Files() = default;
  virtual int Open(const std::string& path, int flags, mode_t mode);                     // open
  virtual int Close(int fd);                                                             // close
  virtual ssize_t Write(int fd, const iovec* pieces, int count, off_t offset);           // pwritev
  virtual int Punch(int fd, off_t offset, off_t length);                                 // fallocate, the size kept
  virtual int SyncData(int fd);                                                          // fdatasync
  virtual int Sync(int fd);                                                              // fsync
  virtual int SyncFilesystem(int fd);                                                    // syncfs
  virtual int MakeDirectory(const std::string& path, mode_t mode);                       // mkdir
  virtual int Rename(const std::string& from, const std::string& to);                    // rename
  virtual int Remove(const std::string& path);                                           // unlink
};

// The operating system's.
Files& SystemFiles();

// A name made, replaced or removed in this directory is only then sure to survive the loss of power.
Status SyncDirectory(Files& files, const std::string& path);
// Makes path and those above it that are missing; their names survive the loss of power. So does path's when it was there:
// an earlier life may have died between making and syncing.
Status MakeDirectoriesDurably(Files& files, const std::string& path, mode_t mode);

}  // namespace nacre
