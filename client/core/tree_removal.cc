#include "client/core/tree_removal.h"

#include <utility>

#include "common/wire/wire.h"

namespace nacre {

Task<Status> TreeRemoval::Remove(std::string path) {
  Result<Namespace::Place> place = co_await names_.Walk(path, Namespace::Last::kLookUp);
  if (place.code() == Code::kIntegrity) place = co_await FindDamaged(path);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) co_return Status(Code::kBusy, "the root, or a directory by '..', cannot be removed");
  const Result<v1::EntryName> name = place->parent()->NameToFind(place->name);
  if (!name.ok()) co_return name.status();
  const Emptied parent{.fid = place->parent()->fid(), .as_parent = place->parent()->AsParent(), .known = place->parent()};
  if (place->inode.attr().type() == v1::FILE_TYPE_DIRECTORY) {
    co_return co_await RemoveDirectory(parent, *name, std::move(place->inode));
  }
  co_return co_await names_.UnlinkIn(parent.as_parent, *name, false);
}

// The last name of the path leads to something that does not fit there.
Task<Result<Namespace::Place>> TreeRemoval::FindDamaged(std::string path) {
  Result<Namespace::Place> place = co_await names_.Walk(std::move(path), Namespace::Last::kLeave);
  if (!place.ok() || place->name.empty()) co_return place;
  Result<v1::Inode> inode = co_await names_.LookUpUnchecked(place->parent(), place->name);
  if (!inode.ok()) co_return inode.status();
  if (place->wants_directory && inode->attr().type() != v1::FILE_TYPE_DIRECTORY) {
    co_return Status(Code::kNotDirectory, "a file's name ends in '/'");
  }
  place->inode = *std::move(inode);
  co_return place;
}

Task<Status> TreeRemoval::RemoveDirectory(Emptied parent, v1::EntryName name, v1::Inode inode) {
  Emptied directory{.fid = FromWire(inode.fid()), .as_parent = Directory::ParentOf(inode), .known = nullptr};
  const Result<DirectoryPtr> opened = Directory::Open(inode, names_.keys());
  if (opened.ok()) directory.known = *opened;
  // A second entry, which damage made, of a directory that is elsewhere: what is in there is not to go.
  const bool fits = directory.known != nullptr && parent.known != nullptr && parent.known->CheckChild(inode).ok();
  if (!fits) NACRE_CO_RETURN_IF_ERROR(co_await names_.CheckIsIn(directory.fid, parent.fid));
  const Status emptied = co_await Empty(directory);
  if (!emptied.ok()) co_return emptied;
  const AsyncSemaphore::Units one = co_await in_flight_.Take();
  co_return co_await names_.UnlinkIn(std::move(parent.as_parent), std::move(name), true);
}

Task<Status> TreeRemoval::Empty(Emptied directory) {
  Status first_error;
  for (uint64_t after = 0;;) {
    Result<v1::ReaddirReply> page = co_await names_.ReadPage(directory.fid, after, /*names_only=*/false);
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

Task<Status> TreeRemoval::RemoveEntry(Emptied parent, v1::ReaddirReply::Entry entry) {
  v1::EntryName name;
  name.set_stored(entry.name());
  if (entry.inode().attr().type() == v1::FILE_TYPE_DIRECTORY) {
    co_return co_await RemoveDirectory(std::move(parent), std::move(name), std::move(*entry.mutable_inode()));
  }
  const AsyncSemaphore::Units one = co_await in_flight_.Take();
  co_return co_await names_.UnlinkIn(std::move(parent.as_parent), std::move(name), false);
}

}  // namespace nacre
