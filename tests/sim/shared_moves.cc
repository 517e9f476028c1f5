#include "tests/sim/shared_moves.h"

#include <algorithm>

namespace nacre::sim {
namespace {

const std::string kTop = "/d/" + kCanary + "-moves";
constexpr int kDirectories = 4, kFiles = 4;

}  // namespace

std::string SharedMoves::RandomName() { return kCanary + std::string(1, static_cast<char>('a' + world_.dice.Below(10))); }

Task<void> SharedMoves::Make(SimClientPtr client) {
  Namespace& names = client->core.names();
  Task<Status> make = names.MakeDirectory(kTop, 0755, false);
  Status status = co_await client->Do(std::move(make), client);
  const std::string prefix = kTop + "/" + kCanary;
  for (int i = 0; i < kDirectories && status.ok(); ++i) {
    Task<Status> next = names.MakeDirectory(prefix + "-d" + std::to_string(i), 0755, false);
    status = co_await client->Do(std::move(next), client);
  }
  for (int i = 0; i < kFiles && status.ok(); ++i) {
    Task<bool> file = world_.MakeFile(client, prefix + "-f" + std::to_string(i), 1);
    if (!co_await std::move(file)) status = Status(Code::kIo, "a file cannot be made");
  }
  if (status.ok()) status = co_await client->Do(client->core.Commit(), client);
  EXPECT_TRUE(status.ok()) << status.ToString();
  Task<Result<SeenTree>> walk = WalkTree(client, kTop);
  const Result<SeenTree> seen = co_await std::move(walk);
  EXPECT_TRUE(seen.ok()) << seen.status().ToString();
  if (!status.ok() || !seen.ok()) co_return;
  for (const auto& [path, inode] : *seen) directories_[inode.fid] = inode.directory;
  EXPECT_EQ(directories_.size(), static_cast<size_t>(kDirectories + kFiles));
  made_ = true;
}

Task<void> SharedMoves::Work(SimClientPtr client, uint32_t steps) {
  bool goes_on = made_;
  for (uint32_t step = 0; step < steps && goes_on && !client->doubtful; ++step) goes_on = co_await MoveOne(client);
}

Task<bool> SharedMoves::MoveOne(SimClientPtr client) {
  Task<Result<SeenTree>> walk = WalkTree(client, kTop);
  const Result<SeenTree> seen = co_await std::move(walk);
  // What was there a moment ago is elsewhere.
  if (seen.code() == Code::kNotFound) co_return true;
  if (world_.Failed(*client, seen.status(), "shared moves, walk")) co_return false;
  std::vector<std::string> all, directories{""};
  for (const auto& [path, inode] : *seen) {
    all.push_back(path);
    if (inode.directory) directories.push_back(path);
  }
  if (all.empty()) co_return true;
  const std::string from = all[world_.dice.Below(all.size())];
  const bool exchange = world_.dice.Below(4) == 0;
  std::string to = all[world_.dice.Below(all.size())];
  if (!exchange) {
    const std::string& directory = directories[world_.dice.Below(directories.size())];
    to = (directory.empty() ? "" : directory + "/") + RandomName();
  }
  Task<Status> rename = client->core.names().Rename(kTop + "/" + from, kTop + "/" + to, !exchange, exchange);
  const Status status = co_await client->Do(std::move(rename), client);
  switch (status.code()) {
    case Code::kNotFound:      // moved by another meanwhile
    case Code::kExists:
    case Code::kInvalid:       // it would lie below itself
    case Code::kNotDirectory:  // exchanged for a file meanwhile
      co_return !client->dead();
    default:
      co_return !world_.Failed(*client, status, "shared moves, " + from + " to " + to);
  }
}

Task<void> SharedMoves::Verify(SimClientPtr client) {
  if (!made_) co_return;
  Task<Result<SeenTree>> walk = WalkTree(client, kTop);
  const Result<SeenTree> seen = co_await std::move(walk);
  EXPECT_TRUE(seen.ok()) << "shared moves: " << seen.status().ToString();
  if (!seen.ok()) co_return;
  std::map<std::string, std::string> found;
  for (const auto& [path, inode] : *seen) {
    const auto before = found.find(inode.fid);
    EXPECT_TRUE(before == found.end()) << "moved things: one is there twice, as " << path << " and as " << before->second;
    EXPECT_TRUE(directories_.contains(inode.fid)) << "moved things: nobody made " << path;
    found[inode.fid] = path;
    const auto below = static_cast<uint32_t>(std::count_if(seen->begin(), seen->end(), [&](const auto& other) {
      const std::string& at = other.first;
      return other.second.directory && at.starts_with(path + "/") && at.find('/', path.size() + 1) == std::string::npos;
    }));
    EXPECT_EQ(inode.nlink, inode.directory ? 2 + below : 1) << "moved things: links of " << path;
  }
  EXPECT_EQ(found.size(), directories_.size()) << "moved things: some are gone";
}

Task<void> SharedMoves::Clear(SimClientPtr client) {
  if (!made_) co_return;
  Task<Status> remove = client->core.removal().Remove(kTop);
  const Status removed = co_await client->Do(std::move(remove), client);
  EXPECT_TRUE(removed.ok()) << removed.ToString();
}

}  // namespace nacre::sim
