#include "tests/sim/own_tree.h"

#include <algorithm>
#include <cstring>


namespace nacre::sim {
namespace {

std::string Range(uint64_t offset, uint64_t length) {
  return std::to_string(length) + " bytes at " + std::to_string(offset);
}

}  // namespace

OwnTree::OwnTree(World& world, uint32_t number)
    : world_(world),
      who_("tree" + std::to_string(number)),
      encrypted_(world.IsEncrypted(number)),
      word_(World::WordOf(encrypted_)),
      dir_(World::Top(encrypted_) + "/" + word_ + who_) {}

std::string OwnTree::RandomName() {
  std::string name = word_ + std::string(1, static_cast<char>('a' + world_.dice.Below(6)));
  if (name.back() == 'f') name.append(150, 'f');  // one whose no-key form is cut
  return name;
}

// Every 64 bytes say whose they are, of which write, for which place.
OwnTree::Bytes OwnTree::RandomContent(size_t size) {
  const uint64_t number = ++writes_;
  Bytes bytes(size);
  for (size_t at = 0; at < size; at += 64) {
    char cell[65];
    std::snprintf(cell, sizeof cell, "%s %-8s write %08llu at %08llu %12s", word_.c_str(), who_.c_str(),
                  static_cast<unsigned long long>(number), static_cast<unsigned long long>(at), "");
    std::memcpy(bytes.data() + at, cell, std::min<size_t>(64, size - at));
  }
  return bytes;
}

void OwnTree::Will(const std::string& name, FilePtr file) {
  Name& entry = names_[name];
  entry.maybe.push_back({operation_, entry.now});
  entry.maybe.push_back({operation_, std::move(file)});
}

void OwnTree::Will(const FilePtr& file, Bytes content) {
  file->maybe.push_back({operation_, file->now});
  file->maybe.push_back({operation_, std::move(content)});
}

void OwnTree::AllStable() {
  crashes_when_stable_ = world_.crashes();
  directory_stable_ = true;
  for (auto it = names_.begin(); it != names_.end();) {
    it->second.maybe.clear();
    if (it->second.now == nullptr) {
      it = names_.erase(it);
      continue;
    }
    it->second.now->maybe.clear();
    it->second.now->unsure_attributes = it->second.now->unsure_content = false;
    ++it;
  }
}

// Without the loss of a server nothing is lost that was answered: only the last operation, which was not, may be or not be.
void OwnTree::ForgetWhatCannotBe() {
  if (world_.crashes() != crashes_when_stable_) return;
  const auto is_old = [this](const auto& maybe) { return maybe.operation != operation_; };
  for (auto& [name, entry] : names_) {
    std::vector<FilePtr> files{entry.now};
    for (const auto& maybe : entry.maybe) files.push_back(maybe.value);
    std::erase_if(entry.maybe, is_old);
    for (const FilePtr& file : files) {
      if (file != nullptr) std::erase_if(file->maybe, is_old);
    }
  }
}

uint32_t OwnTree::LinksOf(const FilePtr& file) const {
  return static_cast<uint32_t>(
      std::count_if(names_.begin(), names_.end(), [&](const auto& entry) { return entry.second.now == file; }));
}

bool OwnTree::Expect(const Status& status, Code wanted, const std::string& what) {
  const bool as_wanted = world_.Expect(*client_, who_, what, status, wanted);
  doubt_ |= !as_wanted;
  if (as_wanted) ++operation_;
  return as_wanted;
}

// ---- working

Task<void> OwnTree::Work(SimClientPtr client, uint32_t steps) {
  client_ = std::move(client);
  if (!made_ && !co_await Begin()) co_return;
  for (uint32_t step = 0; step < steps && !doubt_; ++step) co_await Step();
}

Task<bool> OwnTree::Begin() {
  maybe_made_ = true;
  Task<Status> task = client_->core.names().MakeDirectory(dir_, 0755, true);
  const Status status = co_await client_->Do(std::move(task), client_);
  made_ = Expect(status, Code::kOk, "mkdir");
  co_return made_;
}

Task<void> OwnTree::Step() {
  const std::string name = RandomName(), other = RandomName();
  switch (world_.dice.Below(16)) {
    case 0:
    case 1:
    case 2:
      return Put(name);
    case 3:
    case 4:
    case 5:
    case 6:
      return Change(name);
    case 7:
      return Rename(name, other);
    case 8:
      return Link(name, other);
    case 9:
      return Unlink(name);
    case 10:
      return Symlink(name);
    case 11:
      return SetMode(name);
    case 12:
      return SetXattr(name);
    case 13:
      return Stat(name);
    case 14:
      return List();
    default:
      return Commit();
  }
}

// As put does: a file that is there keeps its inode, and its other names.
Task<void> OwnTree::Put(std::string name) {
  FilePtr model = names_[name].now;
  if (model != nullptr && model->target) co_return;
  FileOpener::Wish wish;
  wish.write = wish.create = wish.truncate = true;
  wish.hint.set_stripe_count(1 + static_cast<uint32_t>(world_.dice.Below(2)));
  wish.hint.set_stripe_bytes(64 * kKiB);
  const bool is_new = model == nullptr;
  if (is_new) {
    model = std::make_shared<File>();
    Will(name, model);
  } else {
    Will(model, {});
  }
  Task<Result<Opened>> open = client_->core.opener().Open(PathOf(name), wish);
  const Result<Opened> file = co_await client_->Do(std::move(open), client_);
  if (!Expect(file.status(), Code::kOk, "open for put " + name)) co_return;
  names_[name].now = model;
  model->now.clear();
  const std::string fid = FidOf((*file)->Inode());
  if (is_new) {
    model->fid = fid;
  } else if (model->fid != fid) {
    ADD_FAILURE() << who_ << ": put opened another file than " << name;
  }
  if (world_.dice.Below(8) > 0) co_await WriteSome(*file, model);
  if (!doubt_) co_await ChangeOpen(*file, model, name);
}

Task<void> OwnTree::Change(std::string name) {
  const FilePtr model = names_[name].now;
  if (model == nullptr || model->target) co_return;
  FileOpener::Wish wish;
  wish.write = true;
  Task<Result<Opened>> open = client_->core.opener().Open(PathOf(name), wish);
  const Result<Opened> file = co_await client_->Do(std::move(open), client_);
  if (!Expect(file.status(), Code::kOk, "open " + name)) co_return;
  co_await ChangeOpen(*file, model, name);
}

Task<void> OwnTree::ChangeOpen(Opened file, FilePtr model, std::string name) {
  for (uint64_t left = world_.dice.Below(5); left > 0 && !doubt_; --left) {
    switch (world_.dice.Below(9)) {
      case 0:
        co_await Truncate(file, model);
        break;
      case 1:
        co_await Punch(file, model);
        break;
      case 2:
        co_await Sync(file, model);
        break;
      case 3:
        co_await AppendSome(file, model);
        break;
      case 4:
      case 5:
        co_await Read(file, model);
        break;
      case 6:
        if (names_[name].now == model) co_await Unlink(name);  // it stays open
        break;
      default:
        co_await WriteSome(file, model);
    }
  }
  if (doubt_) co_return;
  Task<Status> close = client_->core.closer().Close(file);
  const Status closed = co_await client_->Do(std::move(close), client_);
  (void)Expect(closed, Code::kOk, "close " + name);
}

Task<void> OwnTree::WriteSome(Opened file, FilePtr model) {
  const uint64_t most = world_.dice.Below(6) == 0 ? kFileBytesMax : 12'000;
  const uint64_t offset = world_.dice.Below(3) == 0 ? 0 : world_.dice.Below(most);
  const auto data = std::make_shared<Bytes>(RandomContent(1 + world_.dice.Below(most / 2)));
  Bytes after = model->now;
  after.resize(std::max<size_t>(after.size(), offset + data->size()));
  std::copy(data->begin(), data->end(), after.begin() + static_cast<ptrdiff_t>(offset));
  Will(model, after);
  const Status status = co_await client_->Do(file->Write(offset, *data), Both(file, data));
  if (Expect(status, Code::kOk, "write " + Range(offset, data->size()))) {
    model->now = std::move(after);
  } else {
    model->unsure_content = true;
  }
}

Task<void> OwnTree::AppendSome(Opened file, FilePtr model) {
  const auto data = std::make_shared<Bytes>(RandomContent(1 + world_.dice.Below(6000)));
  Bytes after = model->now;
  after.insert(after.end(), data->begin(), data->end());
  Will(model, after);
  const Result<uint64_t> at = co_await client_->Do(file->Append(*data), Both(file, data));
  if (!Expect(at.status(), Code::kOk, "append " + std::to_string(data->size()))) {
    model->unsure_content = true;
    co_return;
  }
  EXPECT_EQ(*at, model->now.size()) << who_ << ": appended elsewhere";
  model->now = std::move(after);
}

Task<void> OwnTree::Truncate(Opened file, FilePtr model) {
  const uint64_t size = world_.dice.Below(3) == 0 ? 0 : world_.dice.Below(model->now.size() + 5000);
  Bytes after = model->now;
  after.resize(size);
  Will(model, after);
  const Status status = co_await client_->Do(file->Truncate(size), file);
  if (Expect(status, Code::kOk, "truncate to " + std::to_string(size))) {
    model->now = std::move(after);
  } else {
    model->unsure_content = true;
  }
}

Task<void> OwnTree::Punch(Opened file, FilePtr model) {
  if (model->now.empty()) co_return;
  const uint64_t offset = world_.dice.Below(model->now.size());
  const uint64_t length = 1 + world_.dice.Below(model->now.size() - offset);
  Bytes after = model->now;
  std::fill_n(after.begin() + static_cast<ptrdiff_t>(offset), length, 0);
  Will(model, after);
  const Status status = co_await client_->Do(file->Punch(offset, length), file);
  if (Expect(status, Code::kOk, "punch " + Range(offset, length))) {
    model->now = std::move(after);
  } else {
    model->unsure_content = true;
  }
}

// It covers the content and the names under which the file is known.
Task<void> OwnTree::Sync(Opened file, FilePtr model) {
  const Status status = co_await client_->Do(file->Sync(), file);
  if (!Expect(status, Code::kOk, "fsync")) co_return;
  model->maybe.clear();
  model->unsure_attributes = false;
  for (auto& [name, entry] : names_) {
    if (entry.now == model) entry.maybe.clear();
  }
}

Task<void> OwnTree::Read(Opened file, FilePtr model) {
  const uint64_t offset = world_.dice.Below(model->now.size() + 100);
  const auto out = std::make_shared<Bytes>(1 + world_.dice.Below(30'000), 0xee);
  const Result<size_t> got = co_await client_->Do(file->Read(offset, *out), Both(file, out));
  if (!Expect(got.status(), Code::kOk, "read " + Range(offset, out->size()))) co_return;
  const uint64_t wanted = offset >= model->now.size() ? 0 : std::min<uint64_t>(out->size(), model->now.size() - offset);
  EXPECT_EQ(*got, wanted) << who_ << ": bytes read";
  const uint64_t both = std::min<uint64_t>(wanted, *got);
  const bool same = std::equal(out->begin(), out->begin() + static_cast<ptrdiff_t>(both),
                               model->now.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(offset, model->now.size())));
  if (!same && world_.full_disks > 0) {
    // A replay found no room; the file's next write, fsync or close says so.
    doubt_ = client_->doubtful = true;
    co_return;
  }
  EXPECT_TRUE(same) << who_ << ": read other bytes than were written, of " << Range(offset, both);
}

Task<void> OwnTree::Rename(std::string from, std::string to) {
  const FilePtr moved = names_[from].now, over = names_[to].now;
  if (moved != nullptr && moved != over) {
    Will(from, nullptr);
    Will(to, moved);
  }
  Task<Status> task = client_->core.names().Rename(PathOf(from), PathOf(to), false, false);
  const Status status = co_await client_->Do(std::move(task), client_);
  if (!Expect(status, moved == nullptr ? Code::kNotFound : Code::kOk, "rename " + from + " to " + to)) co_return;
  if (moved == nullptr || moved == over) co_return;
  names_[from].now = nullptr;
  names_[to].now = moved;
}

Task<void> OwnTree::Link(std::string from, std::string to) {
  const FilePtr file = names_[from].now;
  const Code wanted = file == nullptr ? Code::kNotFound : names_[to].now != nullptr ? Code::kExists : Code::kOk;
  if (wanted == Code::kOk) Will(to, file);
  Task<Status> task = client_->core.names().Link(PathOf(from), PathOf(to));
  const Status status = co_await client_->Do(std::move(task), client_);
  if (Expect(status, wanted, "link " + from + " to " + to) && wanted == Code::kOk) names_[to].now = file;
}

Task<void> OwnTree::Unlink(std::string name) {
  const bool there = names_[name].now != nullptr;
  if (there) Will(name, nullptr);
  Task<Status> task = client_->core.names().Unlink(PathOf(name), false);
  const Status status = co_await client_->Do(std::move(task), client_);
  if (Expect(status, there ? Code::kOk : Code::kNotFound, "unlink " + name)) names_[name].now = nullptr;
}

Task<void> OwnTree::Symlink(std::string name) {
  const bool there = names_[name].now != nullptr;
  const auto link = std::make_shared<File>();
  link->target = word_ + std::to_string(++writes_);
  if (!there) Will(name, link);
  Task<Status> task = client_->core.names().MakeSymlink(*link->target, PathOf(name));
  const Status status = co_await client_->Do(std::move(task), client_);
  if (Expect(status, there ? Code::kExists : Code::kOk, "symlink " + name) && !there) names_[name].now = link;
}

Task<void> OwnTree::SetMode(std::string name) {
  const FilePtr file = names_[name].now;
  if (file == nullptr || file->target || file->fid.empty()) co_return;
  v1::SetAttrRequest request;
  request.mutable_fid()->ParseFromString(file->fid);
  request.set_set_mode(true);
  request.set_mode(0600 + static_cast<uint32_t>(world_.dice.Below(64)));
  file->unsure_attributes = true;
  const Result<v1::Inode> changed = co_await client_->Do(client_->core.names().SetAttr(request), client_);
  if (Expect(changed.status(), Code::kOk, "chmod " + name)) file->mode = request.mode();
}

// One that must be new: done twice, it would answer that it is not.
Task<void> OwnTree::SetXattr(std::string name) {
  const FilePtr file = names_[name].now;
  if (file == nullptr || file->target || file->fid.empty()) co_return;
  v1::SetXattrRequest request;
  request.mutable_fid()->ParseFromString(file->fid);
  request.mutable_xattr()->set_name("user." + std::string(1, static_cast<char>('a' + world_.dice.Below(3))));
  request.mutable_xattr()->set_value(std::to_string(++writes_));
  request.set_create_only(true);
  const bool there = file->xattrs.contains(request.xattr().name());
  file->unsure_attributes = true;
  const Status status = co_await client_->Do(client_->core.names().SetXattr(request), client_);
  if (!Expect(status, there ? Code::kExists : Code::kOk, "setxattr " + name + " " + request.xattr().name())) co_return;
  if (!there) file->xattrs[request.xattr().name()] = request.xattr().value();
}

Task<void> OwnTree::Stat(std::string name) {
  const FilePtr file = names_[name].now;
  Task<Result<v1::Inode>> find = client_->core.names().Find(PathOf(name), Namespace::Last::kLookUp);
  const Result<v1::Inode> inode = co_await client_->Do(std::move(find), client_);
  if (!Expect(inode.status(), file == nullptr ? Code::kNotFound : Code::kOk, "stat " + name) || file == nullptr) co_return;
  EXPECT_EQ(inode->attr().nlink(), LinksOf(file)) << who_ << ": links of " << name;
  if (file->target) co_return;
  EXPECT_EQ(inode->attr().size(), file->now.size()) << who_ << ": size of " << name;
  EXPECT_EQ(inode->attr().mode() & 07777, file->mode) << who_ << ": mode of " << name;
}

Task<void> OwnTree::List() {
  Task<Result<DirectoryPtr>> find = client_->core.names().FindDirectory(dir_);
  const Result<DirectoryPtr> directory = co_await client_->Do(std::move(find), client_);
  if (!Expect(directory.status(), Code::kOk, "find directory")) co_return;
  const Result<v1::ReaddirReply> page = co_await client_->Do(client_->core.names().ReadPage((*directory)->fid(), 0, false), client_);
  if (!Expect(page.status(), Code::kOk, "readdir")) co_return;
  std::vector<std::string> found, wanted;
  for (const auto& entry : page->entries()) {
    const Result<std::string> shown = (*directory)->ShownName(entry.cookie(), entry.name());
    found.push_back(shown.ok() ? *shown : "?");
    EXPECT_TRUE((*directory)->CheckChild(entry.inode()).ok()) << who_ << ": the policy of an entry";
    EXPECT_NE(entry.inode().attr().type(), v1::FILE_TYPE_NONE) << who_ << ": " << found.back() << " leads nowhere";
    EXPECT_EQ(entry.inode().context().empty(), !encrypted_) << who_ << ": the context of an entry";
  }
  for (const auto& [name, entry] : names_) {
    if (entry.now != nullptr) wanted.push_back(name);
  }
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, wanted) << who_ << ": entries";
}

Task<void> OwnTree::Commit() {
  const Status status = co_await client_->Do(client_->core.Commit(), client_);
  if (Expect(status, Code::kOk, "commit")) AllStable();
}

}  // namespace nacre::sim
