// damage_context DB FID CONTEXT: what a bad disk or a hostile operator does to one inode. In the store of a metadata server
// that is stopped, gives the inode the context (text; empty: none). fsck_test.py drives it.
#include <cstdio>

#include "common/kv/rocksdb_kv.h"
#include "mds/core/key_schema.h"
#include "mds_rows.pb.h"

namespace nacre {
namespace {

int Fail(const char* what, const Status& status) {
  std::fprintf(stderr, "damage_context: cannot %s: %s\n", what, status.ToString().c_str());
  return 1;
}

int Run(const char* db, const char* text, const char* context) {
  const std::optional<Fid> fid = ParseFid(text);
  if (!fid) return Fail("read the FID", Status(Code::kInvalid, text));
  Result<std::unique_ptr<KvStore>> kv = OpenRocksKv(db, MdsFamilies(), RocksKvOptions());
  if (!kv.ok()) return Fail("open the store", kv.status());
  const Result<std::optional<std::string>> value = (*kv)->Get(kInodeFamily, FidKey(*fid));
  rows::InodeRow row;
  if (!value.ok() || !value->has_value() || !row.ParseFromString(**value)) return Fail("find the inode", value.status());
  row.set_context(context);
  KvBatch batch;
  batch.Put(kInodeFamily, FidKey(*fid), row.SerializeAsString());
  const Status changed = (*kv)->Apply(batch, KvStore::Durability::kSynced);
  return changed.ok() ? 0 : Fail("change it", changed);
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: damage_context DB FID CONTEXT\n");
    return 2;
  }
  return nacre::Run(argv[1], argv[2], argv[3]);
}
