#include "tests/sim/tree_walk.h"

#include <deque>

namespace nacre::sim {
namespace {

struct Level {
  std::string path;  // below the root; empty: the root
  DirectoryPtr directory;
};

Task<Status> AddLevel(SimClientPtr client, Level level, std::deque<Level>& more, SeenTree& seen) {
  Namespace& names = client->core.names();
  const Result<v1::ReaddirReply> page = co_await client->Do(names.ReadPage(level.directory->fid(), 0, false), client);
  if (!page.ok()) co_return page.status();
  for (const auto& entry : page->entries()) {
    const Result<std::string> shown = level.directory->ShownName(entry.cookie(), entry.name());
    if (!shown.ok()) co_return shown.status();
    const std::string path = level.path.empty() ? *shown : level.path + "/" + *shown;
    if (entry.inode().attr().type() == v1::FILE_TYPE_NONE) co_return Status(Code::kIo, path + " leads nowhere");
    NACRE_CO_RETURN_IF_ERROR(level.directory->CheckChild(entry.inode()));
    const bool is_directory = entry.inode().attr().type() == v1::FILE_TYPE_DIRECTORY;
    seen[path] = {.directory = is_directory,
                  .fid = FidOf(entry.inode()),
                  .nlink = entry.inode().attr().nlink(),
                  .has_context = !entry.inode().context().empty()};
    if (!is_directory) continue;
    const Result<DirectoryPtr> below = Directory::Open(entry.inode(), names.keys());
    if (!below.ok()) co_return below.status();
    more.push_back({path, *below});
  }
  co_return Status::Ok();
}

}  // namespace

Task<Result<SeenTree>> WalkTree(SimClientPtr client, std::string root) {
  Task<Result<DirectoryPtr>> find = client->core.names().FindDirectory(root);
  const Result<DirectoryPtr> top = co_await client->Do(std::move(find), client);
  if (!top.ok()) co_return top.status();
  SeenTree seen;
  std::deque<Level> levels;
  levels.push_back({"", *top});
  while (!levels.empty()) {
    Level next = levels.front();
    levels.pop_front();
    Task<Status> add = AddLevel(client, std::move(next), levels, seen);
    NACRE_CO_RETURN_IF_ERROR(co_await std::move(add));
  }
  co_return seen;
}

}  // namespace nacre::sim
