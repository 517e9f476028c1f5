#include "client/shell/walk.h"

#include <algorithm>

namespace nacre::shell {

namespace {

using TakePage = std::function<Status(std::vector<DirectoryEntry>)>;

Result<std::vector<DirectoryEntry>> Sorted(const std::function<Status(const TakePage&)>& list) {
  std::vector<DirectoryEntry> all;
  const Status status = list([&all](std::vector<DirectoryEntry> page) {
    std::move(page.begin(), page.end(), std::back_inserter(all));
    return Status::Ok();
  });
  if (!status.ok()) return status;
  std::sort(all.begin(), all.end(), [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return all;
}

// Deeper than any path the filesystem takes; the recursion is bounded by it.
constexpr int64_t kDepthLimit = 4096;

bool EndsWalk(Code code) {
  const bool waited = code == Code::kUnavailable || code == Code::kTimedOut;
  return waited || code == Code::kNotConnected || code == Code::kFenced;
}

class Walker {
 public:
  Walker(CommandContext& context, std::string_view verb, Client& client, const WalkOptions& options, const Visit& visit)
      : context_(context), verb_(verb), client_(client), options_(options), visit_(visit) {}

  int From(const std::string& start) {
    const Result<FileInfo> info = client_.Stat(start, options_.follow_start);
    if (info.ok()) {
      Enter(start, *info, 0);
    } else {
      Tell(start, info.status());
    }
    return exit_code_;
  }

 private:
  void Enter(const std::string& path, const FileInfo& info, int64_t depth) {
    const bool descends = info.kind == FileKind::kDirectory && depth < std::min(options_.depth_max, kDepthLimit);
    const bool children_first = descends && options_.children_first && options_.children_first(info);
    if (children_first) EnterChildren(path, info, depth);
    if (!over_) Tell(path, visit_(path, info, depth));
    if (descends && !children_first) EnterChildren(path, info, depth);
  }

  void EnterChildren(const std::string& path, const FileInfo& directory, int64_t depth) {
    if (over_) return;
    const Result<std::vector<DirectoryEntry>> entries =
        Sorted([&](const TakePage& take) { return client_.List(directory, take); });
    if (!entries.ok()) return Tell(path, entries.status());
    for (const DirectoryEntry& entry : *entries) {
      if (over_) return;
      const std::string at = Join(path, entry.name);
      if (entry.problem.ok()) {
        Enter(at, entry.info, depth + 1);
      } else {
        Tell(at, entry.problem);
      }
    }
  }

  void Tell(const std::string& path, const Status& status) {
    if (status.ok()) return;
    const int code = context_.Fail(verb_, path, status);
    over_ = EndsWalk(status.code());
    if (exit_code_ == kExitOk || over_) exit_code_ = code;
    if (over_) context_.Note("what comes after it was not looked at");
  }

  CommandContext& context_;
  const std::string_view verb_;
  Client& client_;
  const WalkOptions& options_;
  const Visit& visit_;
  int exit_code_ = kExitOk;
  bool over_ = false;
};

}  // namespace

Result<std::vector<DirectoryEntry>> ListAll(Client& client, const std::string& path, Client::Follow follow) {
  return Sorted([&](const TakePage& take) { return client.List(path, follow, take); });
}

int Walk(CommandContext& context, std::string_view verb, Client& client, const std::string& start, const WalkOptions& options,
         const Visit& visit) {
  return Walker(context, verb, client, options, visit).From(start);
}

}  // namespace nacre::shell
