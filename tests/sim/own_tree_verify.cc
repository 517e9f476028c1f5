// OwnTree: is all as it must be?
#include <algorithm>

#include "common/wire/wire.h"
#include "tests/sim/own_tree.h"

namespace nacre::sim {

OwnTree::FilePtr OwnTree::Identify(const std::string& name, const v1::Inode& inode) const {
  const auto entry = names_.find(name);
  if (entry == names_.end()) return nullptr;
  std::vector<FilePtr> candidates;
  for (const Maybe<FilePtr>& maybe : entry->second.maybe) candidates.push_back(maybe.value);
  candidates.push_back(entry->second.now);
  for (const FilePtr& file : candidates) {
    if (file != nullptr && file->fid == FidOf(inode)) return file;
  }
  // Made, and never answered. The newest such.
  for (auto it = candidates.rbegin(); it != candidates.rend(); ++it) {
    const bool is_symlink = inode.attr().type() == v1::FILE_TYPE_SYMLINK;
    if (*it != nullptr && (*it)->fid.empty() && (*it)->target.has_value() == is_symlink) return *it;
  }
  return nullptr;
}

Task<void> OwnTree::Verify(SimClientPtr client) {
  if (!maybe_made_) co_return;
  doubt_ |= client_->dead() || client_->doubtful;
  ForgetWhatCannotBe();
  Task<Result<DirectoryPtr>> find = client->core.names().FindDirectory(dir_);
  const Result<DirectoryPtr> directory = co_await client->Do(std::move(find), client);
  if (!directory.ok()) {
    const bool may_be_missing = directory.code() == Code::kNotFound && doubt_ && !directory_stable_;
    EXPECT_TRUE(may_be_missing) << who_ << ": its directory: " << directory.status().ToString();
    made_ = maybe_made_ = false;
    names_.clear();
    doubt_ = false;
    co_return;
  }
  std::map<std::string, v1::Inode> found;
  const Result<v1::ReaddirReply> page = co_await client->Do(client->core.names().ReadPage((*directory)->fid(), 0, false), client);
  EXPECT_TRUE(page.ok()) << who_ << ": " << page.status().ToString();
  if (!page.ok()) co_return;
  for (const auto& entry : page->entries()) {
    const Result<std::string> shown = (*directory)->ShownName(entry.cookie(), entry.name());
    EXPECT_TRUE(shown.ok()) << who_ << ": a name that cannot be read";
    EXPECT_EQ(entry.inode().context().empty(), !encrypted_) << who_ << ": the context of an entry";
    EXPECT_TRUE((*directory)->CheckChild(entry.inode()).ok()) << who_ << ": the policy of an entry";
    EXPECT_NE(entry.inode().attr().type(), v1::FILE_TYPE_NONE) << who_ << ": an entry leads nowhere";
    if (!shown.ok()) continue;
    const bool is_first = found.emplace(*shown, entry.inode()).second;
    EXPECT_TRUE(is_first) << who_ << ": " << *shown << " is there twice";
  }
  made_ = true;
  co_await VerifyFound(client, std::move(found));
}

Task<void> OwnTree::VerifyFound(SimClientPtr client, std::map<std::string, v1::Inode> found) {
  std::map<std::string, FilePtr> now;
  for (auto& [name, entry] : names_) {
    const auto it = found.find(name);
    if (it != found.end()) continue;
    bool may_be_missing = entry.now == nullptr;
    if (doubt_) {
      may_be_missing |= std::any_of(entry.maybe.begin(), entry.maybe.end(), [](const auto& maybe) { return maybe.value == nullptr; });
    }
    EXPECT_TRUE(may_be_missing) << who_ << ": " << name << " is gone";
  }
  std::map<FilePtr, uint32_t> links;
  for (const auto& [name, inode] : found) {
    const FilePtr file = Identify(name, inode);
    EXPECT_NE(file, nullptr) << who_ << ": " << name << " is there, and nobody made it so";
    if (file == nullptr) continue;
    if (!doubt_) {
      EXPECT_EQ(file, names_[name].now) << who_ << ": " << name << " is another file";
    }
    if (file->fid.empty()) file->fid = FidOf(inode);
    EXPECT_EQ(file->fid, FidOf(inode)) << who_ << ": " << name;
    now[name] = file;
    ++links[file];
  }
  std::map<std::string, Name> left;
  for (const auto& [name, file] : now) {
    const bool readable = co_await VerifyOne(client, name, found.at(name), file, links[file]);
    if (readable) left[name].now = file;
  }
  names_ = std::move(left);  // what is there is what counts from here on
  doubt_ = false;
  AllStable();
}

Task<bool> OwnTree::VerifyOne(SimClientPtr client, std::string name, v1::Inode inode, FilePtr file, uint32_t names) {
  EXPECT_EQ(inode.attr().nlink(), names) << who_ << ": links of " << name;
  if (file->target) co_return true;
  if (!file->unsure_attributes || !doubt_) {
    EXPECT_EQ(inode.attr().mode() & 07777, file->mode) << who_ << ": mode of " << name;
  }
  file->mode = inode.attr().mode() & 07777;
  const Result<v1::GetXattrsReply> xattrs = co_await client->Do(client->core.names().GetXattrs(FromWire(inode.fid()), ""), client);
  EXPECT_TRUE(xattrs.ok()) << xattrs.status().ToString();
  if (xattrs.ok()) {
    std::map<std::string, std::string> there;
    for (const auto& one : xattrs->xattrs()) there[one.name()] = one.value();
    if (!file->unsure_attributes || !doubt_) {
      EXPECT_EQ(there, file->xattrs) << who_ << ": xattrs of " << name;
    }
    file->xattrs = std::move(there);
  }
  Task<Result<Bytes>> read = ReadAll(client, PathOf(name), nullptr);
  const Result<Bytes> content = co_await std::move(read);
  if (!content.ok()) {
    const bool damaged = world_.flips > 0 && (content.code() == Code::kIo || content.code() == Code::kIntegrity);
    EXPECT_TRUE(damaged) << who_ << ": reading " << name << ": " << content.status().ToString();
    file->unsure_content = true;
    Task<Status> remove = client->core.names().Unlink(PathOf(name), false);
    (void)co_await client->Do(std::move(remove), client);
    co_return false;
  }
  EXPECT_EQ(inode.attr().size(), content->size()) << who_ << ": the size of " << name << " in a listing";
  CheckContent(*file, *content, name);
  file->now = *content;
  co_return true;
}

void OwnTree::CheckContent(const File& file, const Bytes& found, const std::string& name) {
  if (!doubt_) {
    EXPECT_EQ(found.size(), file.now.size()) << who_ << ": bytes of " << name;
    EXPECT_TRUE(found == file.now) << who_ << ": " << name << " holds other bytes than were written";
    return;
  }
  std::vector<const Bytes*> versions{&file.now};
  for (const Maybe<Bytes>& maybe : file.maybe) versions.push_back(&maybe.value);
  const auto byte_of = [](const Bytes& version, size_t at) -> int { return at < version.size() ? version[at] : 0; };
  size_t shortest = ~size_t{0}, longest = 0;
  for (const Bytes* version : versions) {
    shortest = std::min(shortest, version->size());
    longest = std::max(longest, version->size());
  }
  EXPECT_GE(found.size(), shortest) << who_ << ": bytes of " << name;
  EXPECT_LE(found.size(), longest) << who_ << ": bytes of " << name;
  for (size_t at = 0; at < found.size(); ++at) {
    const bool known = std::any_of(versions.begin(), versions.end(),
                                   [&](const Bytes* version) { return byte_of(*version, at) == found[at]; });
    if (known) continue;
    ADD_FAILURE() << who_ << ": " << name << " holds at " << at << " what was never written there since it was stable ("
                  << versions.size() << " versions)";
    return;
  }
}

Task<Result<OwnTree::Bytes>> OwnTree::ReadAll(SimClientPtr client, std::string path, std::string* fid) {
  const FileOpener::Wish wish;
  Task<Result<Opened>> open = client->core.opener().Open(path, wish);
  const Result<Opened> file = co_await client->Do(std::move(open), client);
  if (!file.ok()) co_return file.status();
  if (fid != nullptr) *fid = FidOf((*file)->Inode());
  const auto out = std::make_shared<Bytes>(2 * kFileBytesMax);
  const Result<size_t> got = co_await client->Do((*file)->Read(0, *out), Both(*file, out));
  Task<Status> close = client->core.closer().Close(*file);
  const Status closed = co_await client->Do(std::move(close), client);
  if (!got.ok()) co_return got.status();
  EXPECT_TRUE(closed.ok()) << who_ << ": closing what was read: " << closed.ToString();
  out->resize(*got);
  co_return *out;
}

Task<void> OwnTree::Clear(SimClientPtr client) {
  if (!made_) co_return;
  Task<Status> remove = client->core.removal().Remove(dir_);
  const Status removed = co_await client->Do(std::move(remove), client);
  EXPECT_TRUE(removed.ok()) << who_ << ": removing its directory: " << removed.ToString();
}

}  // namespace nacre::sim
