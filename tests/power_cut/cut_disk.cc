#include "tests/power_cut/cut_disk.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace nacre {

// Held while one call is done. A life ends after a change was begun, and before a sync was.
class CutDisk::Call {
 public:
  explicit Call(CutDisk& disk) : disk_(disk), lock_(disk.mutex_) {
    ++disk_.calls_;
    last_ = disk_.end_at_ != 0 && disk_.calls_ >= disk_.end_at_;
  }
  ~Call() {
    if (last_) disk_.EndLocked(disk_.end_how_);
  }
  bool syncs() const { return !last_ && !disk_.ignore_syncs_; }

 private:
  CutDisk& disk_;
  std::lock_guard<std::mutex> lock_;
  bool last_ = false;
};

CutDisk::CutDisk(std::string root, const DiskNodePtr& left, uint64_t seed)
    : root_(std::move(root)), random_(seed), top_(CopyTree(*left)) {
  top_->WriteTo(root_);
}

void CutDisk::EndAfter(uint64_t calls, End how) {
  std::lock_guard lock(mutex_);
  end_at_ = calls_ + std::max<uint64_t>(calls, 1);
  end_how_ = how;
}

bool CutDisk::ended() const {
  std::lock_guard lock(mutex_);
  return left_ != nullptr;
}

DiskNodePtr CutDisk::Left(End how) {
  std::lock_guard lock(mutex_);
  EndLocked(how);
  return left_;
}

void CutDisk::EndLocked(End how) {
  if (left_ == nullptr) left_ = how == End::kKill ? CopyTree(*top_) : DrawOutcome(*top_, random_);
}

void CutDisk::IgnoreSyncs() {
  std::lock_guard lock(mutex_);
  ignore_syncs_ = true;
}

uint64_t CutDisk::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

DiskNodePtr CutDisk::FindLocked(std::string_view path) const {
  if (!path.starts_with(root_)) return nullptr;
  path.remove_prefix(root_.size());
  return path.find_first_not_of('/') == std::string_view::npos ? top_ : top_->Find(path);
}

CutDisk::Place CutDisk::PlaceLocked(const std::string& path) const {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {};
  return {FindLocked(std::string_view(path).substr(0, slash)), path.substr(slash + 1)};
}

DiskNodePtr CutDisk::Open(const std::string& path, bool make, bool truncate) {
  const Call call(*this);
  DiskNodePtr node = FindLocked(path);
  if (node == nullptr && make) {
    const Place place = PlaceLocked(path);
    if (place.directory == nullptr) return nullptr;
    node = std::make_shared<DiskNode>(false);
    place.directory->Do(DiskNode::Renaming{"", place.name, node});
  } else if (node != nullptr && truncate && node->size > 0) {
    node->Do(DiskNode::Change{.cleared = node->size});
  }
  return node;
}

void CutDisk::Write(const DiskNodePtr& file, uint64_t offset, std::string bytes) {
  if (file == nullptr || bytes.empty()) return;
  const Call call(*this);
  const uint64_t size = std::max<uint64_t>(file->size, offset + bytes.size());
  file->Do(DiskNode::Change{.offset = offset, .bytes = std::move(bytes), .size_after = size});
}

void CutDisk::Append(const DiskNodePtr& file, std::string bytes) {
  if (file == nullptr || bytes.empty()) return;
  const Call call(*this);
  const uint64_t offset = file->size, size = offset + bytes.size();
  file->Do(DiskNode::Change{.offset = offset, .bytes = std::move(bytes), .size_after = size});
}

void CutDisk::Clear(const DiskNodePtr& file, uint64_t offset, uint64_t length) {
  if (file == nullptr) return;
  const Call call(*this);
  const uint64_t end = std::min(file->size, offset + length);
  if (offset < end) file->Do(DiskNode::Change{.offset = offset, .cleared = end - offset, .size_after = file->size});
}

void CutDisk::Resize(const DiskNodePtr& file, uint64_t size) {
  if (file == nullptr || file->size == size) return;
  const Call call(*this);
  const uint64_t cleared = file->size > size ? file->size - size : 0;
  file->Do(DiskNode::Change{.offset = size, .cleared = cleared, .size_after = size});
}

void CutDisk::Sync(const DiskNodePtr& node) {
  if (node == nullptr) return;
  const Call call(*this);
  if (call.syncs()) node->Sync();
}

void CutDisk::SyncAll() {
  const Call call(*this);
  if (call.syncs()) top_->SyncTree();
}

void CutDisk::MakeDirectory(const std::string& path) {
  const Call call(*this);
  const Place place = PlaceLocked(path);
  if (place.directory == nullptr || FindLocked(path) != nullptr) return;
  place.directory->Do(DiskNode::Renaming{"", place.name, std::make_shared<DiskNode>(true)});
}

void CutDisk::Rename(const std::string& from, const std::string& to) {
  const Call call(*this);
  const Place source = PlaceLocked(from), target = PlaceLocked(to);
  const DiskNodePtr node = FindLocked(from);
  if (node == nullptr) return;
  NACRE_CHECK(source.directory == target.directory, "a rename across directories is not modelled");
  source.directory->Do(DiskNode::Renaming{source.name, target.name, node});
}

void CutDisk::Remove(const std::string& path) {
  const Call call(*this);
  if (FindLocked(path) == nullptr) return;
  const Place place = PlaceLocked(path);
  place.directory->Do(DiskNode::Renaming{place.name, "", nullptr});
}

}  // namespace nacre
