// CutDisk: what of a directory tree is on stable storage. The files themselves are real and lie below root; beside them this
// keeps what a power cut may leave: the content each file had when it was last synced and all that was done to it since, and
// the same of each directory's names. It promises what POSIX does:
//
//   a file's data and size are stable when the file was synced, name or no name
//   a name made, replaced or removed is stable when its directory was synced; a rename is atomic, but may not have happened
//   of the rest every sector stands at any of its states since, whatever the others do, and so does the size
//
// and two things that filesystems with a journal do, on which RocksDB relies (found here: without them it may be unable to
// open a store): the names of one directory change in the order in which they were changed, and a file is not longer than
// the data that made it so is written.
//
// Any thread. A life ends (EndAfter: in the middle of the call that is named) when the power goes, or when the process is
// killed: then all it did is there, but what was not synced still is not. Whatever is done later changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/random.h"
#include "tests/power_cut/disk_node.h"

namespace nacre {

class CutDisk {
 public:
  enum class End { kPowerCut, kKill };

  // Holds what an earlier life left. Its files are laid out below root, which must not exist yet.
  CutDisk(std::string root, const DiskNodePtr& left, uint64_t seed);

  void EndAfter(uint64_t calls, End how);  // calls that change or sync anything, from now
  bool ended() const;
  DiskNodePtr Left(End how);  // ends now, unless it has ended
  void IgnoreSyncs();         // a disk that lies; for showing that a test would notice
  uint64_t calls() const;     // so far

  // What is done to the files, by full path. Null, and no effect: not below root, or not there.
  DiskNodePtr Open(const std::string& path, bool make, bool truncate);
  void Write(const DiskNodePtr& file, uint64_t offset, std::string bytes);
  void Append(const DiskNodePtr& file, std::string bytes);
  void Clear(const DiskNodePtr& file, uint64_t offset, uint64_t length);  // a hole, the size kept
  void Resize(const DiskNodePtr& file, uint64_t size);
  void Sync(const DiskNodePtr& node);  // a file's data, or a directory's names
  void SyncAll();
  void MakeDirectory(const std::string& path);
  void Rename(const std::string& from, const std::string& to);  // within a directory
  void Remove(const std::string& path);

 private:
  class Call;  // one call: counts, and ends the life in its middle
  struct Place {
    DiskNodePtr directory;
    std::string name;
  };
  DiskNodePtr FindLocked(std::string_view path) const;
  Place PlaceLocked(const std::string& path) const;
  void EndLocked(End how);

  const std::string root_;
  mutable std::mutex mutex_;  // guards all below
  SeededRandom random_;
  DiskNodePtr top_;
  uint64_t calls_ = 0;
  uint64_t end_at_ = 0;  // 0: at none
  End end_how_ = End::kPowerCut;
  bool ignore_syncs_ = false;
  DiskNodePtr left_;
};

}  // namespace nacre
