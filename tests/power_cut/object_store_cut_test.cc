// The object store as it really is, RocksDB and files, keeps its promise when the power goes, or the process is killed, in the middle of any
// call:
// what was told to be stable is there, of the rest each request whole or not at all, up to some transno, and no page reads
// as anything but what was written there.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "common/kv/rocksdb_kv.h"
#include "oss/store/file_device.h"
#include "tests/contract/temp_directory.h"
#include "tests/power_cut/cut_effort.h"
#include "tests/power_cut/cut_files.h"
#include "tests/power_cut/cut_rocks.h"
#include "tests/unit/oss/crash_run.h"

namespace nacre {
namespace {

class DiskWorld final : public OssWorld {
 public:
  DiskWorld() : OssWorld(NoStores(), {}) { Renew(); }
  ~DiskWorld() override { Shut(); }

  void Renew() {
    Shut();
    SystemRandom random;
    Open(EmptyDisk(), random);
    Boot();
  }
  void Crash(Random& random) {
    const DiskNodePtr left = on_->disk.Left(CutDisk::End::kPowerCut);
    Shut();  // of the world that is lost
    Open(left, random);
    ++options.boot_count;
    Boot();
  }
  bool PowerGone() const { return on_->disk.ended(); }

 private:
  // A life on a disk, innermost last.
  struct Machine {
    Machine(const std::string& root, const DiskNodePtr& left, uint64_t seed)
        : disk(root, left, seed), env(CutRocks::MakeEnv(disk)), files(disk) {}
    CutDisk disk;
    std::unique_ptr<rocksdb::Env> env;
    CutFiles files;
    std::unique_ptr<KvStore> kv;
    std::unique_ptr<FileDevice> device;
  };

  void Open(const DiskNodePtr& left, Random& random) {
    on_.reset();
    directory_.emplace();
    const std::string root = directory_->path() + "/disk";
    on_ = std::make_unique<Machine>(root, left, random.Next64());
    const auto end = random.Below(4) == 0 ? CutDisk::End::kKill : CutDisk::End::kPowerCut;
    on_->disk.EndAfter(1 + random.Below(random.Below(4) == 0 ? 60 : 400), end);
    auto kv = OpenRocksKv(root + "/db", ObjectStoreFamilies(), {.write_buffer_bytes = 128 * kKiB, .env = on_->env.get()});
    ASSERT_TRUE(kv.ok()) << kv.status().ToString();
    on_->kv = std::move(*kv);
    auto device = FileDevice::Open(root + "/objects", on_->files);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    on_->device = std::move(*device);
  }
  KvStore& Kv() override { return *on_->kv; }
  ObjectDevice& Device() override { return *on_->device; }

  std::optional<TempDirectory> directory_;
  std::unique_ptr<Machine> on_;
};

TEST(ObjectStoreCut, LeavesTheRequestsUpToSomeTransnoEachWhole) {
  bool lost_some = false;
  for (int run = 0; run < CutEffort(6); ++run) {
    const uint64_t seed = SystemRandom().Next64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    CrashRun<DiskWorld> crash(seed);
    crash.Go(25);
    lost_some |= crash.lost();
    if (HasFailure()) return;
  }
  EXPECT_TRUE(lost_some) << "no cut lost anything: the test tests nothing";
}

}  // namespace
}  // namespace nacre
