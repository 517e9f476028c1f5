// TreeRemoval: rm -r. Works on the names as they are stored, so it needs no key, and what is damaged can be removed too. Many
// entries at once; goes on after a failure and answers with the first. Any thread.
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

  // What removing needs of a directory.
  struct Emptied {
    Fid fid;
    v1::Parent as_parent;
    DirectoryPtr known;  // null: its context cannot be one, or its key not be asked for
  };
  Task<Result<Namespace::Place>> FindDamaged(std::string path);
  // Everything in the directory, then the directory.
  Task<Status> RemoveDirectory(Emptied parent, v1::EntryName name, v1::Inode inode);
  Task<Status> Empty(Emptied directory);
  Task<Status> RemoveEntry(Emptied parent, v1::ReaddirReply::Entry entry);

  Namespace& names_;
  AsyncSemaphore in_flight_;
};

}  // namespace nacre
