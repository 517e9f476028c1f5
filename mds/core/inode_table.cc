#include "mds/core/inode_table.h"

#include <utility>

#include "mds/core/key_schema.h"

namespace nacre {
namespace {

constexpr size_t kRowsKeptMax = 16384;      // about 8 MiB; at the bound all are forgotten
constexpr size_t kCountersKeptMax = 65536;
// Reading a dirstat folds its operands: written whole now and then, no read folds more than these.
constexpr uint32_t kOperandsMax = 128;

}  // namespace

bool IsDirectory(const rows::InodeRow& row) { return row.attr().type() == v1::FILE_TYPE_DIRECTORY; }
bool IsRegular(const rows::InodeRow& row) { return row.attr().type() == v1::FILE_TYPE_REGULAR; }
Ownership OwnershipOf(const rows::InodeRow& row) {
  return {.mode = row.attr().mode(), .uid = row.attr().uid(), .gid = row.attr().gid(), .directory = IsDirectory(row)};
}

Result<InodePtr> InodeTable::Find(const Fid& fid) {
  if (auto it = newest_.find(fid); it != newest_.end()) return it->second;
  auto value = kv_.Get(kInodeFamily, FidKey(fid));
  if (!value.ok()) return value.status().With("inode " + ToString(fid));
  if (!value->has_value()) return Status(Code::kStale, "inode " + ToString(fid) + " does not exist");
  auto row = std::make_shared<rows::InodeRow>();
  if (!row->ParseFromString(**value) || row->format() != 1) {
    return Status(Code::kIo, "the row of inode " + ToString(fid) + " cannot be read");
  }
  Keep(fid, row);
  return InodePtr(std::move(row));
}

Result<bool> InodeTable::Exists(const Fid& fid) {
  if (newest_.contains(fid)) return true;
  auto value = kv_.Get(kInodeFamily, FidKey(fid));
  if (!value.ok()) return value.status().With("inode " + ToString(fid));
  return value->has_value();
}

void InodeTable::Put(KvBatch& batch, const Fid& fid, rows::InodeRow row) {
  row.set_format(1);
  batch.Put(kInodeFamily, FidKey(fid), row.SerializeAsString());
  Keep(fid, std::make_shared<const rows::InodeRow>(std::move(row)));
}

void InodeTable::Remove(KvBatch& batch, const Fid& fid) {
  batch.Delete(kInodeFamily, FidKey(fid));
  batch.Delete(kDirstatFamily, FidKey(fid));
  newest_.erase(fid);
  operands_.erase(fid);
}

void InodeTable::Keep(const Fid& fid, InodePtr row) {
  if (newest_.size() >= kRowsKeptMax) newest_.clear();
  newest_[fid] = std::move(row);
}

Result<Dirstat> InodeTable::ReadDirstat(const Fid& directory) {
  auto value = kv_.Get(kDirstatFamily, FidKey(directory));
  if (!value.ok()) return value.status().With("dirstat of " + ToString(directory));
  if (!value->has_value()) return Dirstat{};
  auto stat = DecodeDirstat(**value);
  if (!stat) return Status(Code::kIo, "the dirstat of " + ToString(directory) + " cannot be read");
  return *stat;
}

void InodeTable::ChangeDirstat(KvBatch& batch, const Fid& directory, const Dirstat& change) {
  if (operands_.size() >= kCountersKeptMax) operands_.clear();
  uint32_t& operands = operands_[directory];
  if (++operands >= kOperandsMax) {
    if (auto before = ReadDirstat(directory); before.ok()) {
      batch.Put(kDirstatFamily, FidKey(directory), EncodeDirstat(Fold(*before, change)));
      operands = 0;
      return;
    }
  }
  batch.Merge(kDirstatFamily, FidKey(directory), EncodeDirstat(change));
}

}  // namespace nacre
