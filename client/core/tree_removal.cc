#include "client/core/tree_removal.h"

#include <utility>

namespace nacre {

Task<Status> TreeRemoval::Remove(std::string path) {
  const Result<Namespace::Place> place = co_await names_.Walk(std::move(path), Namespace::Last::kLookUp);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) co_return Status(Code::kBusy, "the root, or a directory by '..', cannot be removed");
  const Result<v1::EntryName> name = place->parent()->NameToFind(place->name);
  if (!name.ok()) co_return name.status();
  if (place->inode.attr().type() == v1::FILE_TYPE_DIRECTORY) {
    co_return co_await RemoveDirectory(place->parent(), *name, place->inode);
  }
  co_return co_await names_.UnlinkIn(place->parent(), *name, false);
}

Task<Status> TreeRemoval::RemoveDirectory(DirectoryPtr parent, v1::EntryName name, v1::Inode inode) {
  const Status emptied = co_await Empty(Directory::OpenToEmpty(inode));
  if (!emptied.ok()) co_return emptied;
  const AsyncSemaphore::Units one = co_await in_flight_.Take();
  co_return co_await names_.UnlinkIn(std::move(parent), std::move(name), true);
}

Task<Status> TreeRemoval::Empty(DirectoryPtr directory) {
  Status first_error;
  for (uint64_t after = 0;;) {
    Result<v1::ReaddirReply> page = co_await names_.ReadPage(directory, after, /*names_only=*/false);
    if (!page.ok()) co_return page.status();
    std::vector<Task<Status>> removals;
    for (v1::ReaddirReply::Entry& entry : *page->mutable_entries()) {
      after = entry.cookie();
      removals.push_back(RemoveEntry(directory, std::move(entry)));
    }
    const bool end = page->end() || page->entries_size() == 0;
    const std::vector<Status> done = co_await WhenAll(std::move(removals));
    for (const Status& status : done) {
      if (first_error.ok()) first_error = status;
    }
    if (end) co_return first_error;
  }
}

Task<Status> TreeRemoval::RemoveEntry(DirectoryPtr parent, v1::ReaddirReply::Entry entry) {
  v1::EntryName name;
  name.set_stored(entry.name());
  if (entry.inode().attr().type() == v1::FILE_TYPE_DIRECTORY) {
    co_return co_await RemoveDirectory(std::move(parent), std::move(name), std::move(*entry.mutable_inode()));
  }
  const AsyncSemaphore::Units one = co_await in_flight_.Take();
  co_return co_await names_.UnlinkIn(std::move(parent), std::move(name), false);
}

}  // namespace nacre
