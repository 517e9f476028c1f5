#include "tests/sim/own_directories.h"

#include <algorithm>
#include <utility>

namespace nacre::sim {
namespace {

constexpr size_t kDepthMax = 4;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string Join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

}  // namespace

OwnDirectories::OwnDirectories(World& world, uint32_t number)
    : world_(world),
      who_("directories" + std::to_string(number)),
      encrypted_(world.IsEncrypted(number + 1)),
      root_(World::Top(encrypted_) + "/" + World::WordOf(encrypted_) + who_) {}

bool OwnDirectories::IsWithin(const std::string& a, const std::string& b) {
  return b.empty() || a == b || a.starts_with(b + "/");
}

bool OwnDirectories::IsEmpty(const Tree& tree, const std::string& path) {
  const auto next = tree.lower_bound(path + "/");
  return next == tree.end() || !next->first.starts_with(path + "/");
}

uint32_t OwnDirectories::DirectoriesIn(const Tree& tree, const std::string& path) const {
  return static_cast<uint32_t>(std::count_if(tree.begin(), tree.end(), [&](const auto& entry) {
    return entry.second->directory && ParentOf(entry.first) == path && entry.first != path;
  }));
}

void OwnDirectories::Move(Tree& tree, const std::string& from, const std::string& to) {
  Tree moved;
  for (auto at = tree.begin(); at != tree.end();) {
    const auto next = std::next(at);
    if (IsWithin(at->first, from)) {
      moved.emplace(to + at->first.substr(from.size()), at->second);
      tree.erase(at);
    }
    at = next;
  }
  tree.merge(moved);
}

// Below a directory that is there.
OwnDirectories::Place OwnDirectories::RandomPlace() {
  std::vector<std::string> directories{""};
  for (const auto& [path, node] : now_) {
    const auto depth = static_cast<size_t>(std::count(path.begin(), path.end(), '/')) + 1;
    if (node->directory && depth < kDepthMax) directories.push_back(path);
  }
  const std::string word = World::WordOf(encrypted_);
  const std::string name = word + std::string(1, static_cast<char>('a' + world_.dice.Below(3)));
  Place place{.path = Join(directories[world_.dice.Below(directories.size())], name), .node = nullptr};
  const auto there = now_.find(place.path);
  if (there != now_.end()) place.node = there->second;
  return place;
}

// The order of the checks is the server's (mds/core/ops/rename.cc), as far as POSIX leaves it open.
OwnDirectories::Effect OwnDirectories::Renamed(const Place& from, const Place& to, bool no_replace) const {
  if (from.node == nullptr) return {Code::kNotFound, {}};
  if (no_replace && to.node != nullptr) return {Code::kExists, {}};
  if (from.path == to.path) return {Code::kOk, now_};
  if (from.node->directory && IsWithin(ParentOf(to.path), from.path)) return {Code::kInvalid, {}};
  Tree after = now_;
  if (to.node != nullptr) {
    if (from.node->directory && !to.node->directory) return {Code::kNotDirectory, {}};
    if (!from.node->directory && to.node->directory) return {Code::kIsDirectory, {}};
    if (to.node->directory && !IsEmpty(now_, to.path)) return {Code::kNotEmpty, {}};
    after.erase(to.path);
  }
  Move(after, from.path, to.path);
  return {Code::kOk, std::move(after)};
}

OwnDirectories::Effect OwnDirectories::Exchanged(const Place& from, const Place& to) const {
  if (from.node == nullptr) return {Code::kNotFound, {}};
  if (to.node == nullptr) return {Code::kNotFound, {}};
  if (from.path == to.path) return {Code::kOk, now_};
  if (from.node->directory && IsWithin(ParentOf(to.path), from.path)) return {Code::kInvalid, {}};
  if (to.node->directory && IsWithin(ParentOf(from.path), to.path)) return {Code::kInvalid, {}};
  Tree after = now_;
  Move(after, from.path, "\x01");
  Move(after, to.path, from.path);
  Move(after, "\x01", to.path);
  return {Code::kOk, std::move(after)};
}

// ---- working

bool OwnDirectories::Expect(const Status& status, Code wanted, const std::string& what) {
  const bool as_wanted = world_.Expect(*client_, who_, what, status, wanted);
  doubt_ |= !as_wanted;
  return as_wanted;
}

Task<bool> OwnDirectories::Do(std::string what, Effect effect, std::function<Task<Status>()> task) {
  before_last_ = now_;
  if (effect.answer == Code::kOk) {
    maybe_.push_back(std::exchange(now_, std::move(effect.after)));
  }
  Task<Status> begun = task();
  const Status status = co_await client_->Do(std::move(begun), client_);
  if (!Expect(status, effect.answer, what)) co_return false;
  before_last_ = now_;
  co_return true;
}

Task<void> OwnDirectories::Work(SimClientPtr client, uint32_t steps) {
  client_ = std::move(client);
  if (!made_ && !co_await Begin()) co_return;
  bool goes_on = true;
  for (uint32_t step = 0; step < steps && goes_on; ++step) goes_on = co_await Step();
}

Task<bool> OwnDirectories::Begin() {
  maybe_made_ = true;
  Task<Status> make = client_->core.names().MakeDirectory(root_, 0755, true);
  const Status status = co_await client_->Do(std::move(make), client_);
  made_ = Expect(status, Code::kOk, "mkdir");
  co_return made_;
}

Task<bool> OwnDirectories::Step() {
  switch (world_.dice.Below(12)) {
    case 0:
    case 1:
    case 2:
      return MakeDirectory();
    case 3:
      return MakeSymlink();
    case 4:
      return Remove();
    case 5:
      return Stat();
    case 6:
      return Look();
    case 7:
      return Commit();
    default:
      return Rename();
  }
}

Task<bool> OwnDirectories::MakeDirectory() {
  const Place place = RandomPlace();
  Effect effect{place.node == nullptr ? Code::kOk : Code::kExists, now_};
  const auto made = std::make_shared<Node>();
  made->directory = true;
  if (place.node == nullptr) effect.after[place.path] = made;
  const std::string path = PathOf(place.path);
  return Do("mkdir " + place.path, std::move(effect),
            [this, path] { return client_->core.names().MakeDirectory(path, 0755, false); });
}

Task<bool> OwnDirectories::MakeSymlink() {
  const Place place = RandomPlace();
  Effect effect{place.node == nullptr ? Code::kOk : Code::kExists, now_};
  if (place.node == nullptr) effect.after[place.path] = std::make_shared<Node>();
  const std::string path = PathOf(place.path);
  return Do("symlink " + place.path, std::move(effect), [this, path] {
    return client_->core.names().MakeSymlink(World::WordOf(encrypted_), path);
  });
}

Task<bool> OwnDirectories::Remove() {
  const Place place = RandomPlace();
  const bool as_directory = world_.dice.Below(2) == 0;
  Effect effect{Code::kOk, now_};
  if (place.node == nullptr) {
    effect.answer = Code::kNotFound;
  } else if (place.node->directory != as_directory) {
    effect.answer = as_directory ? Code::kNotDirectory : Code::kIsDirectory;
  } else if (as_directory && !IsEmpty(now_, place.path)) {
    effect.answer = Code::kNotEmpty;
  } else {
    effect.after.erase(place.path);
  }
  const std::string path = PathOf(place.path);
  return Do((as_directory ? "rmdir " : "unlink ") + place.path, std::move(effect),
            [this, path, as_directory] { return client_->core.names().Unlink(path, as_directory); });
}

Task<bool> OwnDirectories::Rename() {
  const Place from = RandomPlace(), to = RandomPlace();
  const uint64_t kind = world_.dice.Below(6);
  const bool exchange = kind == 0, no_replace = kind == 1;
  Effect effect = exchange ? Exchanged(from, to) : Renamed(from, to, no_replace);
  const std::string what = exchange ? "exchange " : "rename ";
  return Do(what + from.path + " and " + to.path, std::move(effect),
            [this, old = PathOf(from.path), place = PathOf(to.path), no_replace, exchange] {
              return client_->core.names().Rename(old, place, no_replace, exchange);
            });
}

Task<bool> OwnDirectories::Stat() {
  const Place place = RandomPlace();
  Task<Result<v1::Inode>> find = client_->core.names().Find(PathOf(place.path), Namespace::Last::kLookUp);
  const Result<v1::Inode> inode = co_await client_->Do(std::move(find), client_);
  const Code wanted = place.node == nullptr ? Code::kNotFound : Code::kOk;
  if (!Expect(inode.status(), wanted, "stat " + place.path)) co_return false;
  if (place.node == nullptr) co_return true;
  EXPECT_EQ(inode->attr().type() == v1::FILE_TYPE_DIRECTORY, place.node->directory) << who_ << ": " << place.path;
  if (place.node->fid.empty()) place.node->fid = FidOf(*inode);
  EXPECT_EQ(FidOf(*inode), place.node->fid) << who_ << ": " << place.path << " is another inode";
  co_return true;
}

Task<bool> OwnDirectories::Look() {
  Task<Result<SeenTree>> walk = WalkTree(client_, root_);
  const Result<SeenTree> found = co_await std::move(walk);
  if (!Expect(found.status(), Code::kOk, "walk")) co_return false;
  EXPECT_EQ(Compare(now_, *found), "") << who_ << ", seen by itself";
  co_return true;
}

Task<bool> OwnDirectories::Commit() {
  const Status status = co_await client_->Do(client_->core.Commit(), client_);
  if (!Expect(status, Code::kOk, "commit")) co_return false;
  AllStable();
  co_return true;
}

void OwnDirectories::AllStable() {
  maybe_.clear();
  before_last_ = now_;
  crashes_when_stable_ = world_.mds_crashes();
  root_stable_ = made_;
}

// ---- verifying

std::string OwnDirectories::Compare(const Tree& tree, const SeenTree& found) {
  for (const auto& [path, node] : tree) {
    const auto there = found.find(path);
    if (there == found.end()) return path + " is not there";
    if (there->second.directory != node->directory) return path + " is of another type";
    if (!node->fid.empty() && node->fid != there->second.fid) return path + " is another inode";
  }
  for (const auto& [path, seen] : found) {
    if (!tree.contains(path)) return path + " is there";
  }
  for (const auto& [path, node] : tree) node->fid = found.at(path).fid;
  return "";
}

void OwnDirectories::CheckCounts(const SeenTree& found) const {
  for (const auto& [path, node] : now_) {
    const SeenInode& seen = found.at(path);
    EXPECT_EQ(seen.nlink, node->directory ? 2 + DirectoriesIn(now_, path) : 1) << who_ << ": links of " << path;
    EXPECT_EQ(seen.has_context, encrypted_ && world_.plan.encrypted) << who_ << ": the context of " << path;
  }
}

Task<void> OwnDirectories::Verify(SimClientPtr client) {
  if (!maybe_made_) co_return;
  doubt_ |= client_->dead() || client_->doubtful;
  Task<Result<SeenTree>> walk = WalkTree(client, root_);
  const Result<SeenTree> found = co_await std::move(walk);
  if (!found.ok()) {
    EXPECT_TRUE(found.code() == Code::kNotFound && doubt_ && !root_stable_) << who_ << ": " << found.status().ToString();
    made_ = maybe_made_ = doubt_ = false;
    now_.clear();
    AllStable();
    co_return;
  }
  // Without the loss of the MDS nothing is lost that was answered: only the last operation, which was not, may be or not be.
  std::vector<Tree> possible{now_};
  if (doubt_) possible.push_back(before_last_);
  const bool may_be_older = doubt_ && world_.mds_crashes() != crashes_when_stable_;
  if (may_be_older) possible.insert(possible.end(), maybe_.rbegin(), maybe_.rend());
  std::string first_difference;
  bool is_one = false;
  for (const Tree& tree : possible) {
    const std::string difference = Compare(tree, *found);
    if (first_difference.empty()) first_difference = difference;
    if (!difference.empty()) continue;
    now_ = Tree(tree);
    is_one = true;
    break;
  }
  EXPECT_TRUE(is_one) << who_ << ": its tree is as at none of the " << possible.size()
                      << " moments since it was stable; against the newest, " << first_difference;
  if (is_one) CheckCounts(*found);
  made_ = true;
  doubt_ = false;
  AllStable();
}

Task<void> OwnDirectories::Clear(SimClientPtr client) {
  if (!made_) co_return;
  Task<Status> remove = client->core.removal().Remove(root_);
  const Status removed = co_await client->Do(std::move(remove), client);
  EXPECT_TRUE(removed.ok()) << who_ << ": removing its tree: " << removed.ToString();
}

}  // namespace nacre::sim
