// Walking a remote tree: every entry below a directory, depth first, parents before children (or after).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/nacre.h"
#include "client/shell/command_context.h"

namespace nacre::shell {

struct WalkOptions {
  Client::Follow follow_start = Client::Follow::kNo;
  int64_t depth_max = INT64_MAX;  // 0: only the start itself
  // Of a directory: what is below it comes first? Unset: never.
  std::function<bool(const FileInfo& directory)> children_first;
};

using Visit = std::function<Status(const std::string& path, const FileInfo& info, int64_t depth)>;

// Visits start itself as well (depth 0), follows no symlink that it meets. Who makes links or moves directories meanwhile
// does not lead it elsewhere: it goes by what it saw, not by paths, and so should what a visit changes.
// As find(1) and chmod(1) do, goes on after what fails, be it a visit, the listing of a directory, or a damaged entry (which
// is not visited): each is told as "cannot VERB 'PATH'". Answers the first one's exit code. Ends early, and answers that
// one's, when a step took the whole wait_timeout (the next could wait as long again) or the session is over.
int Walk(CommandContext& context, std::string_view verb, Client& client, const std::string& start, const WalkOptions& options,
         const Visit& visit);

Result<std::vector<DirectoryEntry>> ListAll(Client& client, const std::string& path,
                                            Client::Follow follow = Client::Follow::kYes);

}  // namespace nacre::shell
