// Namespace's changes by path: walk to the parent, then one request; again when a policy was set on the way.
#include <utility>

#include "client/core/namespace.h"

namespace nacre {
namespace {

Status DirectoryItself() { return Status(Code::kExists, "the path names an existing directory"); }

}  // namespace

Task<Status> Namespace::MakeDirectory(std::string path, uint32_t mode, bool parents) {
  return WithFreshContexts<Status>(
      [this, path = std::move(path), mode, parents] { return MakeDirectoryOnce(path, mode, parents); });
}

Task<Status> Namespace::MakeDirectoryOnce(std::string path, uint32_t mode, bool parents) {
  if (parents) co_return co_await MakeAllOnce(std::move(path), mode);
  const Result<Place> place = co_await WalkOnce(std::move(path), Last::kLeave);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) co_return DirectoryItself();
  const Result<v1::Inode> made = co_await MakeDirectoryIn(place->parent(), place->name, mode);
  co_return made.status();
}

// One step down at a time from where the last one ended, so that each name is looked up once. mode is of the last name,
// those before it have the usual one.
Task<Status> Namespace::MakeAllOnce(std::string path, uint32_t mode) {
  const Result<PathNames> split = SplitPath(path);
  if (!split.ok()) co_return split.status();
  const Result<Place> root = co_await WalkOnce("/", Last::kFollow);
  if (!root.ok()) co_return root.status();
  std::vector<DirectoryPtr> chain = root->chain;
  int links_left = kLinksMax;
  for (size_t i = 0; i < split->names.size(); ++i) {
    const bool last = i + 1 == split->names.size();
    const uint32_t wanted = last ? mode : 0777 & ~environment_.umask;
    const Status entered = co_await EnterOrMake(&chain, split->names[i], wanted, &links_left);
    if (last && entered.code() == Code::kNotDirectory) co_return Status(Code::kExists, entered.message());
    if (!entered.ok()) co_return entered;
  }
  co_return Status::Ok();
}

Task<Status> Namespace::EnterOrMake(std::vector<DirectoryPtr>* chain, std::string name, uint32_t mode, int* links_left) {
  Result<v1::Inode> inode = Status(Code::kNotFound, name);
  for (bool lost_race = false;; lost_race = true) {
    Result<Place> there = co_await WalkFrom(*chain, name, Last::kFollow, links_left);
    if (there.ok()) {
      *chain = std::move(there->chain);
      if (there->name.empty()) co_return Status::Ok();
      inode = std::move(there->inode);
      break;
    }
    if (there.code() != Code::kNotFound) co_return there.status();
    inode = co_await MakeDirectoryIn(chain->back(), name, mode);
    if (inode.ok()) break;
    // Somebody else was faster; or it is a symlink to nothing.
    if (inode.code() != Code::kExists || lost_race) co_return inode.status();
  }
  if (inode->attr().type() != v1::FILE_TYPE_DIRECTORY) {
    co_return Status(Code::kNotDirectory, "'" + name + "' is there and no directory");
  }
  const Result<DirectoryPtr> directory = Directory::Open(*inode, keys_);
  if (!directory.ok()) co_return directory.status();
  chain->push_back(*directory);
  co_return Status::Ok();
}

Task<Status> Namespace::MakeSymlink(std::string target, std::string path) {
  return WithFreshContexts<Status>(
      [this, target = std::move(target), path = std::move(path)] { return MakeSymlinkOnce(target, path); });
}

Task<Status> Namespace::MakeSymlinkOnce(std::string target, std::string path) {
  const Result<Place> place = co_await WalkOnce(std::move(path), Last::kLeave);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) co_return DirectoryItself();
  if (place->wants_directory) co_return Status(Code::kNotFound, "a symlink's name ends in '/'");
  const Result<v1::Inode> made = co_await MakeSymlinkIn(place->parent(), place->name, std::move(target));
  co_return made.status();
}

Task<Status> Namespace::MakeNode(std::string path, v1::FileType type, uint32_t mode, uint64_t rdev) {
  return WithFreshContexts<Status>(
      [this, path = std::move(path), type, mode, rdev] { return MakeNodeOnce(path, type, mode, rdev); });
}

Task<Status> Namespace::MakeNodeOnce(std::string path, v1::FileType type, uint32_t mode, uint64_t rdev) {
  const Result<Place> place = co_await WalkOnce(std::move(path), Last::kLeave);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) co_return DirectoryItself();
  if (place->wants_directory) co_return Status(Code::kNotFound, "a special file's name ends in '/'");
  const Result<v1::Inode> made = co_await MakeNodeIn(place->parent(), place->name, type, mode, rdev);
  co_return made.status();
}

Task<Status> Namespace::Link(std::string from, std::string to) {
  return WithFreshContexts<Status>(
      [this, from = std::move(from), to = std::move(to)] { return LinkOnce(from, to); });
}

Task<Status> Namespace::LinkOnce(std::string from, std::string to) {
  const Result<Place> old = co_await WalkOnce(std::move(from), Last::kLookUp);
  if (!old.ok()) co_return old.status();
  const Result<Place> place = co_await WalkOnce(std::move(to), Last::kLeave);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) co_return DirectoryItself();
  if (old->inode.attr().type() == v1::FILE_TYPE_DIRECTORY) {
    co_return Status(Code::kNotPermitted, "directories have no hard links");
  }
  if (place->wants_directory) co_return Status(Code::kNotFound, "a link's name ends in '/'");
  co_return co_await LinkIn(FromWire(old->inode.fid()), place->parent(), place->name);
}

Task<Status> Namespace::Unlink(std::string path, bool directory) {
  return WithFreshContexts<Status>([this, path = std::move(path), directory] { return UnlinkOnce(path, directory); });
}

Task<Status> Namespace::UnlinkOnce(std::string path, bool directory) {
  const Result<Place> place = co_await WalkOnce(std::move(path), Last::kLeave);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) {
    co_return directory ? Status(Code::kBusy, "the root, or a directory by '..', cannot be removed")
                        : Status(Code::kIsDirectory, "the path names a directory");
  }
  const Result<v1::EntryName> name = place->parent()->NameToFind(place->name);
  if (!name.ok()) co_return name.status();
  if (place->wants_directory && !directory) co_return Status(Code::kNotDirectory, "a file's name ends in '/'");
  co_return co_await UnlinkIn(place->parent()->AsParent(), *name, directory);
}

Task<Status> Namespace::Rename(std::string from, std::string to, bool no_replace, bool exchange) {
  return WithFreshContexts<Status>([this, from = std::move(from), to = std::move(to), no_replace, exchange] {
    return RenameOnce(from, to, no_replace, exchange);
  });
}

Task<Status> Namespace::RenameOnce(std::string from, std::string to, bool no_replace, bool exchange) {
  const Result<Place> old = co_await WalkOnce(from, Last::kLeave);
  if (!old.ok()) co_return old.status();
  const Result<Place> place = co_await WalkOnce(to, Last::kLeave);
  if (!place.ok()) co_return place.status();
  if (old->name.empty() || place->name.empty()) co_return Status(Code::kBusy, "the root, '.' and '..' cannot be renamed");
  if (old->wants_directory || place->wants_directory) {
    // A slash at the end: of the old name it says that it is a directory, of the new one that it will be.
    const Result<v1::Inode> there = co_await LookupIn(old->parent(), old->name);
    if (!there.ok()) co_return there.status();
    if (there->attr().type() != v1::FILE_TYPE_DIRECTORY) {
      co_return Status(Code::kNotDirectory, "a path ends in '/', and what is to be renamed is no directory");
    }
  }
  // Anything in a locked directory, in or out, needs its key; names that do not exist there are not found first.
  const Result<v1::EntryName> from_name = old->parent()->NameToFind(old->name);
  if (!from_name.ok()) co_return from_name.status();
  if (old->parent()->locked()) {
    const Result<v1::Inode> there = co_await LookupIn(old->parent(), old->name);
    if (!there.ok()) co_return there.status();
    co_return Status(Code::kNoKey, "directory " + ToString(old->parent()->fid()) + " is locked, unlock it first");
  }
  const Result<v1::EntryName> to_name = place->parent()->NameToMake(place->name);
  if (!to_name.ok()) co_return to_name.status();
  v1::RenameRequest request;
  *request.mutable_from_parent() = old->parent()->AsParent();
  *request.mutable_from_name() = *from_name;
  *request.mutable_to_parent() = place->parent()->AsParent();
  *request.mutable_to_name() = *to_name;
  request.set_no_replace(no_replace);
  request.set_exchange(exchange);
  CallTrace trace;
  const Result<v1::RenameReply> reply =
      co_await session_->Call(&MdsApi::Rename, std::move(request), CallKind::kChange, &trace);
  if (reply.code() == Code::kNotFound && trace.unsure) {
    // The old name is gone and the new one is there: done before the answer was lost.
    const Result<v1::Inode> there = co_await LookupIn(place->parent(), place->name);
    if (there.ok()) co_return Status::Ok();
  }
  co_return reply.status();
}

}  // namespace nacre
