// InodeTable: inode rows by FID, the newest in memory. One strand; rows handed out never change.
#pragma once

#include <memory>
#include <unordered_map>

#include "common/base/status.h"
#include "common/fs/fid.h"
#include "common/fs/permission.h"
#include "common/kv/kv_store.h"
#include "mds/core/dirstat.h"
#include "mds_rows.pb.h"

namespace nacre {

using InodePtr = std::shared_ptr<const rows::InodeRow>;

class InodeTable {
 public:
  explicit InodeTable(KvStore& kv) : kv_(kv) {}

  // kStale: there is none (a FID is asked for by who once learned it). kIo: the row cannot be read.
  Result<InodePtr> Find(const Fid& fid);
  Result<bool> Exists(const Fid& fid);
  // Into the batch, and visible here at once: the batch is applied before anybody else runs.
  void Put(KvBatch& batch, const Fid& fid, rows::InodeRow row);
  void Remove(KvBatch& batch, const Fid& fid);

  Result<Dirstat> ReadDirstat(const Fid& directory);
  void ChangeDirstat(KvBatch& batch, const Fid& directory, const Dirstat& change);

 private:
  void Keep(const Fid& fid, InodePtr row);

  KvStore& kv_;
  std::unordered_map<Fid, InodePtr, FidHash> newest_;
  std::unordered_map<Fid, uint32_t, FidHash> operands_;  // since the dirstat was last written whole
};

bool IsDirectory(const rows::InodeRow& row);
bool IsRegular(const rows::InodeRow& row);
Ownership OwnershipOf(const rows::InodeRow& row);

}  // namespace nacre
