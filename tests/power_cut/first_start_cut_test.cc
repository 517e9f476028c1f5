// A server's data directory comes into being in one piece, however often its first starts are cut short: the next start
// goes on, no boot number is used twice, and what a start that came to its end wrote is there ever after.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "common/kv/rocksdb_kv.h"
#include "common/runtime/identity_file.h"
#include "mds/core/format.h"
#include "mds/core/key_schema.h"
#include "oss/store/file_device.h"
#include "tests/contract/temp_directory.h"
#include "tests/power_cut/cut_effort.h"
#include "tests/power_cut/cut_files.h"
#include "tests/power_cut/cut_rocks.h"

namespace nacre {
namespace {

constexpr KvFamily kSomeFamily{0};
const ObjectId kObject{.fid = {.seq = 3, .oid = 4}};
const std::string kFsid(16, 'f');

// One start after another of a target, as nacre-mds and nacre-oss open what they keep.
class Starts {
 public:
  Starts(bool is_mdt, uint64_t seed) : is_mdt_(is_mdt), random_(seed) {}

  // A life that ends by itself after so many calls; 0: when it has done its work.
  void Start(uint64_t calls, CutDisk::End end) {
    const TempDirectory directory;
    const std::string root = directory.path() + "/disk";
    CutDisk disk(root, left_, random_.Next64());
    if (calls > 0) disk.EndAfter(calls, end);
    CutFiles files(disk);
    const auto env = CutRocks::MakeEnv(disk);
    Open(disk, files, root + "/srv/" + (is_mdt_ ? "mdt0" : "ost0"), *env);
    calls_done = disk.calls();
    left_ = disk.Left(end);
  }
  uint64_t calls_done = 0;

 private:
  void Open(CutDisk& disk, CutFiles& files, const std::string& data, rocksdb::Env& env) {
    SystemRandom random;
    SystemClock clock;
    auto identity = IdentityFile::Take(data, is_mdt_ ? "mdt" : "ost", 0, random, files);
    ASSERT_TRUE(identity.ok()) << identity.status().ToString();
    const uint64_t boot = identity->identity().boot_count;
    EXPECT_GT(boot, boots_used_);
    if (!disk.ended()) boots_used_ = boot;
    if (!is_mdt_) {
      ASSERT_TRUE(identity->AdoptFsid(kFsid).ok());
    }
    auto kv = OpenRocksKv(data + "/db", MdsFamilies(), {.env = &env});
    ASSERT_TRUE(kv.ok()) << kv.status().ToString();
    if (is_mdt_) {
      Format(**kv, *identity, random, clock);
    } else {
      WritePage(data, files);
    }
    const auto old = (*kv)->Get(kSomeFamily, "boot");
    ASSERT_TRUE(old.ok());
    EXPECT_TRUE(!complete_ || rows_.contains(old->value_or("nothing"))) << old->value_or("nothing");
    EXPECT_TRUE(!complete_ || identity->identity().fsid == fsid_);
    KvBatch batch;
    batch.Put(kSomeFamily, "boot", std::to_string(boot));
    ASSERT_TRUE((*kv)->Apply(batch, KvStore::Durability::kSynced).ok());
    if (!disk.ended()) {
      complete_ = true;
      rows_.clear();
      fsid_ = identity->identity().fsid;
    }
    rows_.insert(std::to_string(boot));
  }
  void Format(KvStore& kv, IdentityFile& identity, Random& random, Clock& clock) {
    const auto formatted = IsFormatted(kv);
    ASSERT_TRUE(formatted.ok());
    EXPECT_TRUE(*formatted || !complete_);
    if (!*formatted) {
      ASSERT_TRUE(FormatMds(kv, identity.identity().fsid, random, clock).ok());
    }
    const auto fsid = kv.Get(kMetaFamily, kMetaFsid);
    ASSERT_TRUE(fsid.ok() && fsid->has_value());
    const Status adopted = identity.AdoptFsid(**fsid);
    ASSERT_TRUE(adopted.ok()) << adopted.ToString();
  }
  void WritePage(const std::string& data, CutFiles& files) {
    auto device = FileDevice::Open(data + "/objects", files);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    const std::vector<SlotSpan> spans = {{0, 1}};
    const std::string wanted(kPageBytes, 'p');
    if (complete_) {
      std::string page(kPageBytes, '?');
      ASSERT_TRUE(SyncWait((*device)->Read(kObject, spans, {reinterpret_cast<uint8_t*>(page.data()), page.size()})).ok());
      EXPECT_EQ(page, wanted);
    }
    const std::vector<ByteView> pieces = {AsBytes(wanted)};
    ASSERT_TRUE(SyncWait((*device)->Write(kObject, spans, pieces)).ok());
    ASSERT_TRUE(SyncWait((*device)->Sync()).ok());
  }

  const bool is_mdt_;
  SeededRandom random_;
  DiskNodePtr left_ = EmptyDisk();
  uint64_t boots_used_ = 0;
  bool complete_ = false;       // a start came to its end
  std::set<std::string> rows_;  // what it wrote, or those behind it
  std::string fsid_;
};

void CutFirstStarts(bool is_mdt) {
  Starts whole(is_mdt, 1);
  whole.Start(0, CutDisk::End::kPowerCut);
  const uint64_t calls = whole.calls_done;
  SystemRandom random;
  for (int round = 0; round < CutEffort(25) && !testing::Test::HasFailure(); ++round) {
    const uint64_t seed = random.Next64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom dice(seed);
    Starts starts(is_mdt, seed);
    while (dice.Below(4) != 0) {
      starts.Start(1 + dice.Below(calls), dice.Below(2) == 0 ? CutDisk::End::kKill : CutDisk::End::kPowerCut);
    }
    for (int i = 0; i < 2; ++i) starts.Start(0, CutDisk::End::kPowerCut);
  }
}

TEST(FirstStartCut, AMetadataTargetGoesOnFromWhereverItsFirstStartsEnded) { CutFirstStarts(true); }
TEST(FirstStartCut, AnObjectTargetGoesOnFromWhereverItsFirstStartsEnded) { CutFirstStarts(false); }

}  // namespace
}  // namespace nacre
