#include "common/kv/memory_kv.h"

#include <utility>

#include "common/base/check.h"

namespace nacre {
namespace {

template <typename Map>
class MapCursor final : public KvCursor {
 public:
  MapCursor(std::shared_ptr<const Map> rows, std::string_view first_key)
      : rows_(std::move(rows)), at_(rows_->lower_bound(first_key)) {}
  bool Valid() const override { return at_ != rows_->end(); }
  std::string_view key() const override { return at_->first; }
  std::string_view value() const override { return at_->second; }
  void Next() override { ++at_; }
  Status status() const override { return Status::Ok(); }

 private:
  std::shared_ptr<const Map> rows_;
  typename Map::const_iterator at_;
};

}  // namespace

MemoryKv::MemoryKv(std::vector<KvFamilySpec> families) {
  for (KvFamilySpec& spec : families) families_.push_back({std::make_shared<Map>(), std::move(spec.merge)});
}

Result<std::optional<std::string>> MemoryKv::Get(KvFamily family, std::string_view key) {
  std::lock_guard lock(mutex_);
  const Map& rows = *families_.at(static_cast<uint32_t>(family)).rows;
  auto it = rows.find(key);
  if (it == rows.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

std::unique_ptr<KvCursor> MemoryKv::Seek(KvFamily family, std::string_view first_key) {
  std::lock_guard lock(mutex_);
  return std::make_unique<MapCursor<Map>>(families_.at(static_cast<uint32_t>(family)).rows, first_key);
}

MemoryKv::Map& MemoryKv::WritableLocked(uint32_t family) {
  std::shared_ptr<Map>& rows = families_.at(family).rows;
  if (rows.use_count() > 1) rows = std::make_shared<Map>(*rows);  // a cursor still walks the old one
  return *rows;
}

void MemoryKv::ApplyOneLocked(const KvBatch::Operation& operation, UndoLog& undo) {
  const uint32_t family = static_cast<uint32_t>(operation.family);
  Map& rows = WritableLocked(family);
  auto it = rows.find(operation.key);
  std::optional<std::string> before;
  if (it != rows.end()) before = it->second;
  switch (operation.kind) {
    case KvBatch::Kind::kPut:
      rows.insert_or_assign(operation.key, operation.value);
      break;
    case KvBatch::Kind::kDelete:
      rows.erase(operation.key);
      break;
    case KvBatch::Kind::kMerge: {
      const KvMergeFunction& merge = families_[family].merge;
      NACRE_CHECK(merge != nullptr, "Merge on a family without merge function");
      std::optional<std::string_view> old;
      if (before) old = *before;
      rows.insert_or_assign(operation.key, merge(old, operation.value));
      break;
    }
  }
  undo.push_back({family, operation.key, std::move(before)});
}

void MemoryKv::UndoLocked(const UndoLog& undo) {
  for (auto it = undo.rbegin(); it != undo.rend(); ++it) {
    Map& rows = WritableLocked(it->family);
    if (it->value) {
      rows.insert_or_assign(it->key, *it->value);
    } else {
      rows.erase(it->key);
    }
  }
}

Status MemoryKv::Apply(const KvBatch& batch, Durability durability) {
  std::lock_guard lock(mutex_);
  if (fail_apply_) return *std::exchange(fail_apply_, std::nullopt);
  if (durability == Durability::kSynced && fail_sync_) return *std::exchange(fail_sync_, std::nullopt);
  UndoLog undo;
  for (const KvBatch::Operation& operation : batch.operations()) ApplyOneLocked(operation, undo);
  if (durability == Durability::kSynced) {
    unsynced_.clear();
  } else {
    unsynced_.push_back(std::move(undo));
  }
  return Status::Ok();
}

Status MemoryKv::Sync() {
  std::lock_guard lock(mutex_);
  if (fail_sync_) return *std::exchange(fail_sync_, std::nullopt);
  unsynced_.clear();
  return Status::Ok();
}

void MemoryKv::Crash(Random* random) {
  std::lock_guard lock(mutex_);
  const size_t kept = random == nullptr ? 0 : static_cast<size_t>(random->Below(unsynced_.size() + 1));
  while (unsynced_.size() > kept) {
    UndoLocked(unsynced_.back());
    unsynced_.pop_back();
  }
  unsynced_.clear();  // what is on the disk after a crash stays there
}

std::unique_ptr<MemoryKv> MemoryKv::CrashedCopy(Random* random) const {
  auto copy = std::make_unique<MemoryKv>(std::vector<KvFamilySpec>());
  {
    std::lock_guard lock(mutex_);
    for (const Family& family : families_) copy->families_.push_back({std::make_shared<Map>(*family.rows), family.merge});
    copy->unsynced_ = unsynced_;
  }
  copy->Crash(random);
  return copy;
}

size_t MemoryKv::unsynced_batches() const {
  std::lock_guard lock(mutex_);
  return unsynced_.size();
}

void MemoryKv::FailNextApply(Status error) {
  std::lock_guard lock(mutex_);
  fail_apply_ = std::move(error);
}

void MemoryKv::FailNextSync(Status error) {
  std::lock_guard lock(mutex_);
  fail_sync_ = std::move(error);
}

void MemoryKv::FailNoSync() {
  std::lock_guard lock(mutex_);
  fail_sync_.reset();
}

}  // namespace nacre
