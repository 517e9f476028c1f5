// Walking a remote tree: every entry below a directory, depth first, parents before children (or after).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/nacre.h"

namespace nacre::shell {

struct WalkOptions {
  int64_t depth_max = INT64_MAX;  // 0: only the start itself
  bool children_first = false;
};

using Visit = std::function<Status(const std::string& path, const FileInfo& info, int64_t depth)>;

// Visits start itself as well (depth 0), follows no symlink. Stops at the first error, of the walk or of the visitor. Entries
// with a problem are not visited: the first problem is the answer when all else is done.
Status Walk(Client& client, const std::string& start, const WalkOptions& options, const Visit& visit);

Result<std::vector<DirectoryEntry>> ListAll(Client& client, const std::string& path,
                                            Client::Follow follow = Client::Follow::kYes);

}  // namespace nacre::shell
