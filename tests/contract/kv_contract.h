// What every KvStore must do: one suite for the fake and the real one.
//
// A World has: std::unique_ptr<KvStore> Open() (families kPlain, and kJournal with JoinOperand), callable again after the
// last store is gone, with everything synced still there.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "common/base/random.h"
#include "common/kv/kv_store.h"
#include "tests/contract/contract_families.h"

namespace nacre {

template <typename World>
class KvContract : public testing::Test {
 protected:
  void SetUp() override { store_ = world_.Open(); }
  void Reopen() {
    store_.reset();
    store_ = world_.Open();
  }
  std::string Value(KvFamily family, std::string_view key) {
    auto value = store_->Get(family, key);
    EXPECT_TRUE(value.ok()) << value.status().ToString();
    return value.ok() ? value->value_or("-") : "error";
  }
  void Put(const std::string& key, const std::string& value, KvStore::Durability durability) {
    KvBatch batch;
    batch.Put(kPlain, key, value);
    ASSERT_TRUE(store_->Apply(batch, durability).ok());
  }
  std::string Walk(std::string_view from) {
    std::string all;
    auto cursor = store_->Seek(kPlain, from);
    for (; cursor->Valid(); cursor->Next()) all += std::string(cursor->key()) + "=" + std::string(cursor->value()) + " ";
    EXPECT_TRUE(cursor->status().ok());
    return all;
  }

  World world_;
  std::unique_ptr<KvStore> store_;
};

TYPED_TEST_SUITE_P(KvContract);

TYPED_TEST_P(KvContract, AnswersNulloptForWhatWasNeverPut) { EXPECT_EQ(this->Value(kPlain, "x"), "-"); }

TYPED_TEST_P(KvContract, ABatchTakesEffectInItsOwnOrder) {
  KvBatch batch;
  batch.Put(kPlain, "a", "1");
  batch.Put(kPlain, "a", "2");
  batch.Put(kPlain, "b", "1");
  batch.Delete(kPlain, "b");
  ASSERT_TRUE(this->store_->Apply(batch, KvStore::Durability::kApplied).ok());
  EXPECT_EQ(this->Walk(""), "a=2 ");
}

TYPED_TEST_P(KvContract, FamiliesDoNotSeeEachOther) {
  KvBatch batch;
  batch.Put(kPlain, "k", "plain");
  batch.Put(kJournal, "k", "journal");
  ASSERT_TRUE(this->store_->Apply(batch, KvStore::Durability::kApplied).ok());
  EXPECT_EQ(this->Value(kPlain, "k"), "plain");
  EXPECT_EQ(this->Value(kJournal, "k"), "journal");
}

TYPED_TEST_P(KvContract, KeysAndValuesAreAnyBytesAndSortAsUnsignedBytes) {
  const std::string zero("\0", 1), high("\xff", 1), mid("a\0b", 3);
  for (const std::string& key : {high, mid, zero}) this->Put(key, key + key, KvStore::Durability::kApplied);
  std::vector<std::string> keys;
  for (auto at = this->store_->Seek(kPlain, ""); at->Valid(); at->Next()) keys.emplace_back(at->key());
  EXPECT_EQ(keys, (std::vector<std::string>{zero, mid, high}));
  EXPECT_EQ(this->Value(kPlain, mid), mid + mid);
}

TYPED_TEST_P(KvContract, AnEmptyValueIsAValue) {
  this->Put("empty", "", KvStore::Durability::kApplied);
  auto value = this->store_->Get(kPlain, "empty");
  ASSERT_TRUE(value.ok() && value->has_value());
  EXPECT_EQ(**value, "");
}

TYPED_TEST_P(KvContract, SeekStartsAtTheKeyOrTheNextOne) {
  for (const char* key : {"b", "d", "f"}) this->Put(key, key, KvStore::Durability::kApplied);
  EXPECT_EQ(this->Walk("d"), "d=d f=f ");
  EXPECT_EQ(this->Walk("c"), "d=d f=f ");
  EXPECT_EQ(this->Walk("g"), "");
}

TYPED_TEST_P(KvContract, ACursorSeesTheStateAtItsMaking) {
  for (const char* key : {"a", "b", "c"}) this->Put(key, "old", KvStore::Durability::kApplied);
  auto cursor = this->store_->Seek(kPlain, "");
  KvBatch batch;
  batch.Put(kPlain, "b", "new");
  batch.Put(kPlain, "bb", "new");
  batch.Delete(kPlain, "c");
  ASSERT_TRUE(this->store_->Apply(batch, KvStore::Durability::kApplied).ok());
  std::string seen;
  for (; cursor->Valid(); cursor->Next()) seen += std::string(cursor->key()) + "=" + std::string(cursor->value()) + " ";
  EXPECT_EQ(seen, "a=old b=old c=old ");
  EXPECT_EQ(this->Walk(""), "a=old b=new bb=new ");
}

TYPED_TEST_P(KvContract, MergesFoldInOrderIntoWhatIsThereOrNothing) {
  KvBatch batch;
  batch.Merge(kJournal, "k", "1");
  batch.Merge(kJournal, "k", "2");
  ASSERT_TRUE(this->store_->Apply(batch, KvStore::Durability::kApplied).ok());
  EXPECT_EQ(this->Value(kJournal, "k"), "((none)1)2");
  KvBatch more;
  more.Put(kJournal, "k", "base");
  more.Merge(kJournal, "k", "3");
  more.Merge(kJournal, "k", "4");
  ASSERT_TRUE(this->store_->Apply(more, KvStore::Durability::kSynced).ok());
  EXPECT_EQ(this->Value(kJournal, "k"), "((base)3)4");
  this->Reopen();
  EXPECT_EQ(this->Value(kJournal, "k"), "((base)3)4");
}

TYPED_TEST_P(KvContract, WhatWasSyncedIsThereAfterReopening) {
  this->Put("applied", "1", KvStore::Durability::kApplied);
  this->Put("synced", "2", KvStore::Durability::kSynced);
  this->Reopen();
  EXPECT_EQ(this->Walk(""), "applied=1 synced=2 ");
  this->Put("applied", "3", KvStore::Durability::kApplied);
  ASSERT_TRUE(this->store_->Sync().ok());
  this->Reopen();
  EXPECT_EQ(this->Walk(""), "applied=3 synced=2 ");
}

TYPED_TEST_P(KvContract, AnEmptyBatchChangesNothing) {
  EXPECT_TRUE(this->store_->Apply(KvBatch(), KvStore::Durability::kSynced).ok());
  EXPECT_TRUE(this->store_->Sync().ok());
  EXPECT_EQ(this->Walk(""), "");
}

TYPED_TEST_P(KvContract, AgreesWithAMapOverRandomBatches) {
  const uint64_t seed = SystemRandom().Next64();
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom random(seed);
  std::map<std::string, std::string> model;
  for (int round = 0; round < 300; ++round) {
    KvBatch batch;
    for (uint64_t i = random.Below(8); i > 0; --i) {
      const std::string key = "k" + std::to_string(random.Below(40));
      switch (random.Below(4)) {
        case 0:
          batch.Delete(kJournal, key);
          model.erase(key);
          break;
        case 1: {
          auto it = model.find(key);
          std::optional<std::string_view> old;
          if (it != model.end()) old = it->second;
          std::string joined = JoinOperand(old, "m");
          model[key] = joined;
          batch.Merge(kJournal, key, "m");
          break;
        }
        default:
          model[key] = std::to_string(round);
          batch.Put(kJournal, key, std::to_string(round));
      }
    }
    const bool synced = random.Below(20) == 0;
    ASSERT_TRUE(this->store_->Apply(batch, synced ? KvStore::Durability::kSynced : KvStore::Durability::kApplied).ok());
    if (synced && random.Below(3) == 0) this->Reopen();
  }
  std::map<std::string, std::string> found;
  for (auto at = this->store_->Seek(kJournal, ""); at->Valid(); at->Next()) found.emplace(at->key(), at->value());
  EXPECT_EQ(found, model);
}

REGISTER_TYPED_TEST_SUITE_P(KvContract, AnswersNulloptForWhatWasNeverPut, ABatchTakesEffectInItsOwnOrder,
                            FamiliesDoNotSeeEachOther, KeysAndValuesAreAnyBytesAndSortAsUnsignedBytes,
                            AnEmptyValueIsAValue, SeekStartsAtTheKeyOrTheNextOne, ACursorSeesTheStateAtItsMaking,
                            MergesFoldInOrderIntoWhatIsThereOrNothing, WhatWasSyncedIsThereAfterReopening,
                            AnEmptyBatchChangesNothing, AgreesWithAMapOverRandomBatches);

}  // namespace nacre
