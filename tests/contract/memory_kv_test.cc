#include "common/kv/memory_kv.h"

#include "tests/contract/kv_contract.h"

namespace nacre {
namespace {

// Opening again must find what was there, so every store handed out is a view of the one kept here.
class Shared final : public KvStore {
 public:
  explicit Shared(KvStore& inner) : inner_(inner) {}
  Result<std::optional<std::string>> Get(KvFamily family, std::string_view key) override { return inner_.Get(family, key); }
  std::unique_ptr<KvCursor> Seek(KvFamily family, std::string_view key) override { return inner_.Seek(family, key); }
  Status Apply(const KvBatch& batch, Durability durability) override { return inner_.Apply(batch, durability); }
  Status Sync() override { return inner_.Sync(); }

 private:
  KvStore& inner_;
};

struct MemoryWorld {
  std::unique_ptr<KvStore> Open() { return std::make_unique<Shared>(kv); }
  MemoryKv kv{ContractFamilies()};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, KvContract, MemoryWorld);

KvBatch One(const std::string& key, const std::string& value) {
  KvBatch batch;
  batch.Put(kPlain, key, value);
  return batch;
}
std::string Value(KvStore& kv, std::string_view key) { return kv.Get(kPlain, key)->value_or("-"); }

TEST(MemoryKv, ACrashLosesWhatWasNotSyncedAndNothingElse) {
  MemoryKv kv(ContractFamilies());
  ASSERT_TRUE(kv.Apply(One("a", "1"), KvStore::Durability::kApplied).ok());
  ASSERT_TRUE(kv.Apply(One("b", "1"), KvStore::Durability::kSynced).ok());
  ASSERT_TRUE(kv.Apply(One("a", "2"), KvStore::Durability::kApplied).ok());
  KvBatch erase;
  erase.Delete(kPlain, "b");
  ASSERT_TRUE(kv.Apply(erase, KvStore::Durability::kApplied).ok());
  EXPECT_EQ(kv.unsynced_batches(), 2u);
  kv.Crash();
  EXPECT_EQ(Value(kv, "a"), "1");
  EXPECT_EQ(Value(kv, "b"), "1");
}

TEST(MemoryKv, WhatSurvivesACrashIsAPrefixOfTheBatches) {
  SeededRandom random(7);
  bool lost_some = false, kept_some = false;
  for (int round = 0; round < 50; ++round) {
    MemoryKv kv(ContractFamilies());
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(kv.Apply(One("k" + std::to_string(i), "v"), KvStore::Durability::kApplied).ok());
    }
    kv.Crash(&random);
    int kept = 0;
    while (kept < 5 && Value(kv, "k" + std::to_string(kept)) == "v") ++kept;
    for (int i = kept; i < 5; ++i) EXPECT_EQ(Value(kv, "k" + std::to_string(i)), "-");
    lost_some |= kept < 5;
    kept_some |= kept > 0;
  }
  EXPECT_TRUE(lost_some && kept_some);
}

TEST(MemoryKv, AFailedCallChangesNothingAndTheNextSucceeds) {
  MemoryKv kv(ContractFamilies());
  kv.FailNextApply(Status(Code::kNoSpace, "full"));
  EXPECT_EQ(kv.Apply(One("a", "1"), KvStore::Durability::kApplied).code(), Code::kNoSpace);
  EXPECT_EQ(Value(kv, "a"), "-");
  kv.FailNextSync(Status(Code::kIo, "broken"));
  EXPECT_EQ(kv.Apply(One("a", "1"), KvStore::Durability::kSynced).code(), Code::kIo);
  EXPECT_EQ(Value(kv, "a"), "-");
  EXPECT_TRUE(kv.Apply(One("a", "1"), KvStore::Durability::kSynced).ok());
  kv.Crash();
  EXPECT_EQ(Value(kv, "a"), "1");
}

}  // namespace
}  // namespace nacre
