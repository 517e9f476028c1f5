// RocksDB keeps the contract of KvStore when the power goes: every synced batch is there, of those behind it a prefix. When
// the process is killed all is there, and what the next life found is as good as synced.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/units.h"
#include "common/kv/rocksdb_kv.h"
#include "tests/contract/contract_families.h"
#include "tests/contract/temp_directory.h"
#include "tests/power_cut/cut_effort.h"
#include "tests/power_cut/cut_rocks.h"

namespace nacre {
namespace {

using Rows = std::map<std::string, std::string>;
struct State {
  Rows plain, journal;
  friend bool operator==(const State&, const State&) = default;
};

class KvCutRun {
 public:
  explicit KvCutRun(uint64_t seed, bool ignore_syncs = false)
      : random_(seed), ignore_syncs_(ignore_syncs), history_(1) {}

  // Empty, or what is wrong.
  std::string Go(int lives) {
    std::string wrong;
    for (int life = 0; life < lives && wrong.empty(); ++life) wrong = Live();
    return wrong;
  }
  int lost = 0;  // batches

 private:
  // Opens on what the last life left, looks, goes on, until this one ends.
  std::string Live() {
    const TempDirectory directory;
    const std::string root = directory.path() + "/disk";
    CutDisk disk(root, left_, random_.Next64());
    if (ignore_syncs_) disk.IgnoreSyncs();
    const auto env = CutRocks::MakeEnv(disk);
    const auto end = random_.Below(4) == 0 ? CutDisk::End::kKill : CutDisk::End::kPowerCut;
    disk.EndAfter(1 + random_.Below(random_.Below(3) == 0 ? 60 : 1500), end);
    bool settled = false;
    {
      auto opened = OpenRocksKv(root + "/a/kv", ContractFamilies(),
                                {.write_buffer_bytes = 128 * kKiB, .env = env.get()});
      if (!opened.ok()) return "it cannot be opened: " + opened.status().ToString();
      const std::optional<size_t> state = StateOf(**opened);
      if (!state) return "it is in none of the " + std::to_string(history_.size() - least_) + " states it may be in";
      settled = !disk.ended();
      if (settled) Settle(*state);
      while (!disk.ended()) ApplyOne(disk, **opened);
    }
    left_ = disk.Left(end);
    if (end == CutDisk::End::kPowerCut) {
      least_ = 0;
    } else if (settled && history_.size() > 1) {
      least_ = history_.size() - 2;  // the last batch is the one in which the life ended
    }
    return "";
  }

  // The store must be in one of the states from least_ on.
  std::optional<size_t> StateOf(KvStore& kv) const {
    State found;
    for (auto at = kv.Seek(kPlain, ""); at->Valid(); at->Next()) found.plain.emplace(at->key(), at->value());
    for (auto at = kv.Seek(kJournal, ""); at->Valid(); at->Next()) found.journal.emplace(at->key(), at->value());
    for (size_t i = history_.size(); i-- > least_;) {
      if (history_[i] == found) return i;
    }
    return std::nullopt;
  }
  // What a store that has been opened shows is as good as synced.
  void Settle(size_t state) {
    lost += static_cast<int>(history_.size() - 1 - state);
    history_ = {State(history_[state])};
    least_ = 0;
  }

  void ApplyOne(CutDisk& disk, KvStore& kv) {
    State next = history_.back();
    KvBatch batch;
    for (uint64_t i = 1 + random_.Below(5); i > 0; --i) {
      const std::string key = "k" + std::to_string(random_.Below(60));
      switch (random_.Below(6)) {
        case 0:
          batch.Delete(kPlain, key);
          next.plain.erase(key);
          break;
        case 1: {
          auto it = next.journal.find(key);
          std::optional<std::string_view> old;
          if (it != next.journal.end()) old = it->second;
          std::string joined = JoinOperand(old, "m");
          next.journal[key] = joined;
          batch.Merge(kJournal, key, "m");
          break;
        }
        default: {
          std::string value(random_.Below(4) == 0 ? random_.Below(9000) : random_.Below(200), '\0');
          random_.Fill({reinterpret_cast<uint8_t*>(value.data()), value.size()});
          KvFamily family = random_.Below(4) == 0 ? kJournal : kPlain;
          (family == kPlain ? next.plain : next.journal)[key] = value;
          batch.Put(family, key, std::move(value));
        }
      }
    }
    history_.push_back(std::move(next));
    const bool synced = random_.Below(6) == 0;
    ASSERT_TRUE(kv.Apply(batch, synced ? KvStore::Durability::kSynced : KvStore::Durability::kApplied).ok());
    if (synced && !disk.ended()) Forget(history_.size() - 1);
    if (random_.Below(25) != 0) return;
    const size_t covers = history_.size() - 1;
    ASSERT_TRUE(kv.Sync().ok());
    if (!disk.ended()) Forget(covers);
  }
  // What was before the newest synced state can come back no more.
  void Forget(size_t synced) { history_.erase(history_.begin(), history_.begin() + static_cast<ptrdiff_t>(synced)); }

  SeededRandom random_;
  const bool ignore_syncs_;
  DiskNodePtr left_ = EmptyDisk();
  std::vector<State> history_;  // since the newest one that is synced
  size_t least_ = 0;            // index of the oldest that may be found
};

TEST(KvCut, EverySyncedBatchSurvivesAndOfTheRestAPrefix) {
  int lost = 0;
  for (int run = 0; run < CutEffort(10); ++run) {
    const uint64_t seed = SystemRandom().Next64();
    KvCutRun cuts(seed);
    ASSERT_EQ(cuts.Go(12), "") << "seed " << seed;
    lost += cuts.lost;
  }
  EXPECT_GT(lost, 0) << "no cut lost anything: the test tests nothing";
}

TEST(KvCut, ADiskThatSyncsNothingIsNoticed) {
  int noticed = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) noticed += KvCutRun(seed, true).Go(12).empty() ? 0 : 1;
  EXPECT_GT(noticed, 0);
}

}  // namespace
}  // namespace nacre
