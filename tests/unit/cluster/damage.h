// Damage: what a bad disk, or a bug, might leave in the stores of a Cluster, made while its metadata server is stopped;
// and what fsck says of it.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "client/fsck/fsck.h"
#include "mds/core/dirent_table.h"
#include "mds/core/dirstat.h"
#include "mds/core/key_schema.h"
#include "tests/unit/cluster/test_client.h"

namespace nacre {

class Damage {
 public:
  explicit Damage(Cluster& cluster) : kv_(cluster.MdsKv()) {}

  rows::InodeRow Inode(const Fid& fid) {
    rows::InodeRow row;
    const auto value = kv_.Get(kInodeFamily, FidKey(fid));
    EXPECT_TRUE(value.ok() && value->has_value() && row.ParseFromString(**value)) << ToString(fid);
    return row;
  }
  void PutInode(const Fid& fid, const rows::InodeRow& row) { Put(kInodeFamily, FidKey(fid), row.SerializeAsString()); }
  void PutEntry(const Fid& directory, const Dirent& entry) { DirentTable::Put(batch_, directory, entry); }
  void Put(KvFamily family, std::string key, std::string value) {
    batch_.Put(family, std::move(key), std::move(value));
  }
  void Delete(KvFamily family, std::string key) { batch_.Delete(family, std::move(key)); }
  // The key of the entry that its inode's row names.
  std::string EntryKeyOf(const Fid& fid) {
    const rows::InodeRow row = Inode(fid);
    return DirentKey(FromWire(row.parent()), row.parent_cookie());
  }
  void Count(const Fid& directory, int64_t entries, int64_t subdirectories) {
    batch_.Merge(kDirstatFamily, FidKey(directory),
                 EncodeDirstat({.entries = entries, .subdirectories = subdirectories}));
  }
  void Apply() { ASSERT_TRUE(kv_.Apply(batch_, KvStore::Durability::kSynced).ok()); }
  KvStore& kv() { return kv_; }

 private:
  KvStore& kv_;
  KvBatch batch_;
};

inline void DamageMds(Cluster& cluster, const std::function<void(Damage&)>& how) {
  cluster.StopMds();
  Damage damage(cluster);
  how(damage);
  damage.Apply();
  cluster.StartMds();
}

using Kinds = std::multiset<std::string>;

inline FsckReport RunFsck(TestClient& client, bool repair) {
  FsckOptions options;
  options.repair = repair;
  const Result<FsckReport> report = client.Run(Fsck(client.core, options));
  EXPECT_TRUE(report.ok()) << report.status().ToString();
  return report.ok() ? *report : FsckReport();
}
inline std::string Told(const FsckReport& report) {
  std::string text;
  for (const FsckFinding& finding : report.findings) {
    text += finding.kind + " " + finding.fid + " '" + finding.path + "' " +
            (finding.state == FsckFinding::State::kMended ? "mended" : "left") + ": " + finding.what + "\n";
  }
  return text;
}
// A client of its own finds nothing.
inline void ExpectSound(Cluster& cluster) {
  TestClient checker(cluster, 4711);
  EXPECT_EQ(Told(RunFsck(checker, false)), "");
}
inline Kinds KindsOf(const FsckReport& report) {
  Kinds kinds;
  for (const FsckFinding& finding : report.findings) kinds.insert(finding.kind);
  return kinds;
}

}  // namespace nacre
