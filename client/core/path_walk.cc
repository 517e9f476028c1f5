// Namespace's walks: from a path to an inode, name by name, each name in the form its directory's policy asks for.
#include <algorithm>
#include <utility>

#include "client/core/file_info.h"
#include "client/core/namespace.h"

namespace nacre {

Task<Result<Namespace::Place>> Namespace::WalkOnce(std::string path, Last last) {
  // The root's context came with the session; it must exist before it can be opened.
  const Result<uint64_t> session = co_await session_->EnsureSession();
  if (!session.ok() && session.code() != Code::kUnavailable) co_return session.status();
  if (!session.ok()) {
    const Status started = co_await session_->Start();  // with retries
    if (!started.ok()) co_return started;
  }
  keys_.SetFsid(session_->fsid());
  const Result<DirectoryPtr> root = Directory::Open(session_->root(), keys_);
  if (!root.ok()) co_return root.status();
  int links_left = kLinksMax;
  std::vector<DirectoryPtr> chain{*root};
  co_return co_await WalkFrom(std::move(chain), std::move(path), last, &links_left);
}

Task<Result<Namespace::Place>> Namespace::Walk(std::string path, Last last) {
  return WithFreshContexts<Result<Place>>([this, path = std::move(path), last] { return WalkOnce(path, last); });
}

Task<Result<Namespace::Place>> Namespace::WalkFrom(std::vector<DirectoryPtr> start, std::string path, Last last,
                                                   int* links_left) {
  Result<PathNames> split = SplitPath(path);
  if (!split.ok()) co_return split.status();
  std::deque<std::string>& names = split->names;
  Place place;
  place.chain = std::move(start);
  place.wants_directory = split->wants_directory;
  if (split->absolute) place.chain.resize(1);
  while (!names.empty()) {
    std::string name = std::move(names.front());
    names.pop_front();
    if (name == "..") {
      if (place.chain.size() > 1) place.chain.pop_back();
      continue;
    }
    if (names.empty() && last == Last::kLeave) {
      place.name = std::move(name);
      co_return place;
    }
    Result<v1::Inode> inode = co_await LookupIn(place.chain.back(), name);
    if (!inode.ok()) co_return inode.status();
    const v1::FileType type = inode->attr().type();
    const bool follow = !names.empty() || last == Last::kFollow || place.wants_directory;
    if (type == v1::FILE_TYPE_SYMLINK && follow) {
      if (--*links_left < 0) co_return Status(Code::kLoop, "more than 40 symbolic links in one path");
      const Result<std::string> target = ReadTarget(*inode, keys_);
      if (!target.ok()) co_return target.status();
      Result<PathNames> more = SplitPath(*target);
      if (!more.ok()) co_return more.status();
      if (names.empty()) place.wants_directory |= more->wants_directory;
      names.insert(names.begin(), std::make_move_iterator(more->names.begin()),
                   std::make_move_iterator(more->names.end()));
      if (more->absolute) place.chain.resize(1);
      continue;
    }
    if (type == v1::FILE_TYPE_DIRECTORY) {
      const Result<DirectoryPtr> directory = Directory::Open(*inode, keys_);
      if (!directory.ok()) co_return directory.status();
      if (names.empty()) {
        place.name = std::move(name);
        place.inode = *std::move(inode);
        co_return place;
      }
      place.chain.push_back(*directory);
      continue;
    }
    if (!names.empty() || place.wants_directory) co_return Status(Code::kNotDirectory, "a name on the way is no directory");
    place.name = std::move(name);
    place.inode = *std::move(inode);
    co_return place;
  }
  co_return co_await Finish(std::move(place));
}

Task<Result<Namespace::Place>> Namespace::FollowToEnd(std::vector<DirectoryPtr> start, std::string target) {
  int links_left = kLinksMax;
  while (--links_left >= 0) {
    Result<Place> place = co_await WalkFrom(std::move(start), std::move(target), Last::kLeave, &links_left);
    if (!place.ok() || place->name.empty()) co_return place;
    const Result<v1::Inode> there = co_await LookupIn(place->parent(), place->name);
    if (!there.ok() && there.code() != Code::kNotFound) co_return there.status();
    if (!there.ok() || there->attr().type() != v1::FILE_TYPE_SYMLINK) co_return place;
    Result<std::string> next = ReadTarget(*there, keys_);
    if (!next.ok()) co_return next.status();
    target = *std::move(next);
    start = std::move(place->chain);
  }
  co_return Status(Code::kLoop, "more than 40 symbolic links in one path");
}

// The path named a directory already on the chain ("/", "a/.."): ask for it only where the caller wants its attributes.
Task<Result<Namespace::Place>> Namespace::Finish(Place place) {
  place.name.clear();
  place.wants_directory = true;
  *place.inode.mutable_fid() = ToWire(place.chain.back()->fid());
  place.inode.set_context(place.chain.back()->context());
  place.inode.mutable_attr()->set_type(v1::FILE_TYPE_DIRECTORY);
  co_return place;
}

Task<Result<v1::Inode>> Namespace::Find(std::string path, Last last) {
  Result<Place> place = co_await Walk(std::move(path), last);
  if (!place.ok()) co_return place.status();
  if (!place->name.empty()) co_return std::move(place->inode);
  co_return co_await GetAttr(place->parent()->fid());
}

Task<Result<DirectoryPtr>> Namespace::FindDirectory(std::string path, Last last) {
  const Result<Place> place = co_await Walk(std::move(path), last);
  if (!place.ok()) co_return place.status();
  if (place->name.empty()) co_return place->parent();
  co_return Directory::Open(place->inode, keys_);
}

Task<Status> Namespace::CheckIsIn(Fid directory, Fid parent) {
  v1::GetPathRequest request;
  *request.mutable_fid() = ToWire(directory);
  const Result<v1::GetPathReply> reply = co_await session_->Call(&MdsApi::GetPath, std::move(request), CallKind::kLook);
  if (!reply.ok()) co_return reply.status();
  const int steps = reply->steps_size();
  if (steps >= 2 && FromWire(reply->steps(steps - 2).fid()) == parent) co_return Status::Ok();
  co_return Status(Code::kIntegrity, "directory " + ToString(directory) + " has an entry in " + ToString(parent) +
                                         ", but its place is elsewhere; `nacre fsck --repair` mends that");
}

Task<Result<std::string>> Namespace::PathOf(Fid fid) {
  v1::GetPathRequest request;
  *request.mutable_fid() = ToWire(fid);
  const Result<v1::GetPathReply> reply = co_await session_->Call(&MdsApi::GetPath, std::move(request), CallKind::kLook);
  if (!reply.ok()) co_return reply.status();
  keys_.SetFsid(session_->fsid());
  std::string path;
  for (const v1::GetPathReply::Step& step : reply->steps()) {
    if (step.name().empty()) continue;  // the root
    // A step carries its parent's context; whose FID the parent has does not matter to the name.
    const Result<DirectoryPtr> parent = Directory::Open(kRootFid, step.parent_context(), keys_);
    if (!parent.ok()) co_return parent.status();
    const Result<std::string> name = (*parent)->ShownName(step.cookie(), step.name());
    if (!name.ok()) co_return name.status();
    path += '/';
    path += *name;
  }
  co_return path.empty() ? std::string("/") : path;
}

}  // namespace nacre
