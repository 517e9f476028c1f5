// Placement as `cp -a` has it, then TreeCopy between the two ends.
#include "client/copy/copy.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "client/copy/local_sink.h"
#include "client/copy/local_source.h"
#include "client/copy/remote_sink.h"
#include "client/copy/remote_source.h"
#include "client/copy/tree_copy.h"
#include "client/core/file_info.h"

namespace nacre {
namespace {

// The name that a source has in the directory it is copied into; empty: its children go in ("." and "/").
std::string NameInside(const std::string& source) {
  const std::string name = LastName(source);
  return name == "." || name == ".." ? std::string() : name;
}

struct RemotePlace {
  DirectoryPtr parent;
  std::string name;  // empty: into parent itself
  std::vector<Fid> inside;  // the directories it lies in: parent, and all above it
  bool only_for_directory = false;  // nothing is there, and its path ends in '/'
};

void NoteWhereItLies(RemotePlace& place, const std::vector<DirectoryPtr>& chain) {
  for (const DirectoryPtr& directory : chain) place.inside.push_back(directory->fid());
  place.inside.push_back(place.parent->fid());
}

Task<Result<RemotePlace>> PlaceRemotely(ClientCore* core, std::string path, std::string name_inside) {
  const Result<Namespace::Place> there = co_await core->names().Walk(path, Namespace::Last::kFollow);
  RemotePlace place;
  if (there.ok() && there->inode.attr().type() == v1::FILE_TYPE_DIRECTORY) {
    place.parent = there->parent();
    if (!there->name.empty()) {
      const Result<DirectoryPtr> directory = Directory::Open(there->inode, core->keys());
      if (!directory.ok()) co_return directory.status();
      place.parent = *directory;
    }
    place.name = std::move(name_inside);
    NoteWhereItLies(place, there->chain);
    co_return place;
  }
  if (there.ok()) {
    // A file, perhaps at the end of symlinks: that one is written to.
    place.parent = there->parent();
    place.name = there->name;
    co_return place;
  }
  if (there.code() != Code::kNotFound) co_return there.status();
  const Result<Namespace::Place> missing = co_await core->names().Walk(std::move(path), Namespace::Last::kLeave);
  if (!missing.ok()) co_return missing.status();
  place.parent = missing->parent();
  place.name = missing->name;
  place.only_for_directory = missing->wants_directory;
  NoteWhereItLies(place, missing->chain);
  co_return place;
}

struct LocalPlace {
  std::string directory, name;  // name empty: into the directory itself
  bool only_for_directory = false;
};

Status CheckFits(const NodeInfo& source, bool only_for_directory) {
  if (!only_for_directory || source.kind == FileKind::kDirectory) return Status::Ok();
  return Status(Code::kNotDirectory, "the target's path ends in '/', and there is no such directory");
}

Result<LocalPlace> PlaceLocally(const std::string& local, const std::string& name_inside) {
  struct stat there;
  if (stat(local.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) return LocalPlace{local, name_inside};
  const std::string name = LastName(local);
  if (name.empty()) return Status(Code::kNotFound, "no name to copy to");
  std::string directory = local.substr(0, local.find_last_not_of('/') + 1);
  const size_t slash = directory.rfind('/');
  directory = slash == directory.npos ? "." : directory.substr(0, slash + 1);
  if (stat(directory.c_str(), &there) != 0) return ErrnoStatus(errno, directory);
  if (!S_ISDIR(there.st_mode)) return Status(Code::kNotDirectory, directory + " is not a directory");
  return LocalPlace{directory, name, local.ends_with('/')};
}

Task<Result<CopyReport>> CopyInto(ClientCore* core, std::shared_ptr<SourceNode> from,
                                  std::shared_ptr<SinkDirectory> parent, std::string name, CopyOptions options,
                                  RemoteSink* sink) {
  if (from->info().kind == FileKind::kDirectory && !options.recursive) {
    co_return Status(Code::kIsDirectory, "a directory is copied only recursively (-r)");
  }
  TreeCopy copy(*core->environment().pool, *core->environment().clock, options);
  if (name.empty()) {
    co_await copy.Merge(std::move(from), std::move(parent), "");
  } else {
    co_await copy.Run(std::move(from), std::move(parent), std::move(name));
  }
  co_await copy.MakeLinks();
  co_await copy.SetDirectoryAttributes();
  if (sink != nullptr) co_await sink->CloseAll();
  co_return copy.TakeReport();
}

RemoteSinkOptions SinkOptions(const CopyOptions& options) {
  RemoteSinkOptions out;
  out.preserve = options.preserve;
  out.hint = HintOf(options.layout);
  return out;
}

}  // namespace

Task<Result<CopyReport>> PutTree(ClientCore* core, std::string local, std::string path, CopyOptions options) {
  const Result<std::shared_ptr<SourceNode>> from =
      OpenLocalNode(*core->environment().pool, local, /*follow=*/!options.recursive);
  if (!from.ok()) co_return from.status();
  Result<RemotePlace> place = co_await PlaceRemotely(core, std::move(path), NameInside(local));
  if (!place.ok()) co_return place.status();
  const Status fits = CheckFits((*from)->info(), place->only_for_directory);
  if (!fits.ok()) co_return fits;
  RemoteSink sink(core, SinkOptions(options));
  std::shared_ptr<SinkDirectory> parent = sink.Directory(place->parent);
  co_return co_await CopyInto(core, *from, std::move(parent), std::move(place->name), std::move(options), &sink);
}

Task<Result<CopyReport>> GetTree(ClientCore* core, std::string path, std::string local, CopyOptions options) {
  const Namespace::Last last = options.recursive ? Namespace::Last::kLookUp : Namespace::Last::kFollow;
  const Result<v1::Inode> inode = co_await core->names().Find(path, last);
  if (!inode.ok()) co_return inode.status();
  const std::string name = NameInside(path);
  const Result<std::shared_ptr<SourceNode>> from = OpenRemoteNode(core, *inode, name);
  if (!from.ok()) co_return from.status();
  Result<LocalPlace> place = PlaceLocally(local, name);
  if (!place.ok()) co_return place.status();
  const Status fits = CheckFits((*from)->info(), place->only_for_directory);
  if (!fits.ok()) co_return fits;
  LocalSinkOptions sink;
  sink.preserve = options.preserve;
  std::shared_ptr<SinkDirectory> parent =
      OpenLocalDirectory(*core->environment().pool, core->files().buffers, place->directory, sink);
  co_return co_await CopyInto(core, *from, std::move(parent), std::move(place->name), std::move(options), nullptr);
}

Task<Result<CopyReport>> CopyTree(ClientCore* core, std::string from, std::string to, CopyOptions options) {
  const Namespace::Last last = options.recursive ? Namespace::Last::kLookUp : Namespace::Last::kFollow;
  const Result<v1::Inode> inode = co_await core->names().Find(from, last);
  if (!inode.ok()) co_return inode.status();
  const std::string name = NameInside(from);
  const Result<std::shared_ptr<SourceNode>> node = OpenRemoteNode(core, *inode, name);
  if (!node.ok()) co_return node.status();
  Result<RemotePlace> place = co_await PlaceRemotely(core, std::move(to), name);
  if (!place.ok()) co_return place.status();
  const Status fits = CheckFits((*node)->info(), place->only_for_directory);
  if (!fits.ok()) co_return fits;
  // It would find its own copies and go on with them.
  const std::vector<Fid>& inside = place->inside;
  if (std::find(inside.begin(), inside.end(), FromWire(inode->fid())) != inside.end()) {
    co_return Status(Code::kInvalid, "a directory is not copied into itself");
  }
  RemoteSink sink(core, SinkOptions(options));
  std::shared_ptr<SinkDirectory> parent = sink.Directory(place->parent);
  co_return co_await CopyInto(core, *node, std::move(parent), std::move(place->name), std::move(options), &sink);
}

}  // namespace nacre
