#include "client/shell/walk.h"

#include <algorithm>

#include "client/shell/command_context.h"

namespace nacre::shell {

Result<std::vector<DirectoryEntry>> ListAll(Client& client, const std::string& path, Client::Follow follow) {
  std::vector<DirectoryEntry> all;
  const Status status = client.List(path, follow, [&all](std::vector<DirectoryEntry> page) {
    std::move(page.begin(), page.end(), std::back_inserter(all));
    return Status::Ok();
  });
  if (!status.ok()) return status;
  std::sort(all.begin(), all.end(), [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return all;
}

namespace {

// Deeper than any path the filesystem takes; the recursion is bounded by it.
constexpr int64_t kDepthLimit = 4096;

Status WalkFrom(Client& client, const std::string& path, const FileInfo& info, int64_t depth, const WalkOptions& options,
                const Visit& visit, Status* problem) {
  if (!options.children_first) NACRE_RETURN_IF_ERROR(visit(path, info, depth));
  if (info.kind == FileKind::kDirectory && depth < std::min(options.depth_max, kDepthLimit)) {
    const Result<std::vector<DirectoryEntry>> entries = ListAll(client, path, Client::Follow::kNo);
    if (!entries.ok()) return entries.status();
    for (const DirectoryEntry& entry : *entries) {
      const std::string at = Join(path, entry.name);
      if (!entry.problem.ok()) {
        if (problem->ok()) *problem = entry.problem;
        continue;
      }
      NACRE_RETURN_IF_ERROR(WalkFrom(client, at, entry.info, depth + 1, options, visit, problem));
    }
  }
  return options.children_first ? visit(path, info, depth) : Status::Ok();
}

}  // namespace

Status Walk(Client& client, const std::string& start, const WalkOptions& options, const Visit& visit) {
  const Result<FileInfo> info = client.Stat(start);
  if (!info.ok()) return info.status();
  Status problem;
  NACRE_RETURN_IF_ERROR(WalkFrom(client, start, *info, 0, options, visit, &problem));
  return problem;
}

}  // namespace nacre::shell
