// TreeRemoval: rm -r. Works on the names as they are stored, so it needs no key. Many entries at once; goes on after a
// failure and answers with the first. Any thread.
#pragma once

#include <string>
#include <vector>

#include "client/core/namespace.h"

namespace nacre {

class TreeRemoval {
 public:
  TreeRemoval(const Environment& environment, Namespace& names)
      : names_(names), in_flight_(*environment.pool, kInFlight) {}

  Task<Status> Remove(std::string path);

 private:
  static constexpr uint64_t kInFlight = 32;

  // Everything in the directory, then the directory.
  Task<Status> RemoveDirectory(DirectoryPtr parent, v1::EntryName name, v1::Inode inode);
  Task<Status> Empty(DirectoryPtr directory);
  Task<Status> RemoveEntry(DirectoryPtr parent, v1::ReaddirReply::Entry entry);

  Namespace& names_;
  AsyncSemaphore in_flight_;
};

}  // namespace nacre
