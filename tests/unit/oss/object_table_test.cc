// What stays in memory of a store's objects, and what goes.
#include "oss/core/object_table.h"

#include "tests/unit/oss/oss_world.h"

namespace nacre {
namespace {

class ObjectTableTest : public testing::Test {
 protected:
  static constexpr ObjectCacheLimits kSmall{.chunks_max = 16, .objects_max = 16};

  // Has a chunk of the object in memory; pinned for as long as the answer lives.
  ChunkPins Load(Object& object, uint64_t chunk) {
    object.loaded = true;  // and not there: its chunks need no reading
    ChunkPins pins;
    bool loaded = false;
    Detach([](ObjectTable& table, Object& of, uint64_t page, ChunkPins& out, bool& done) -> Task<void> {
      done = (co_await table.LoadChunks(of, page, 1, out)).ok();
    }(table_, object, chunk * kChunkPages, pins, loaded));
    queue_.RunAll();
    EXPECT_TRUE(loaded);
    return pins;
  }

  HandQueue queue_;
  MemoryKv kv_{ObjectStoreFamilies()};
  ObjectTable table_{queue_, queue_, kv_, kSmall};
};

TEST_F(ObjectTableTest, ARequestOfManyObjectsLeavesNoMoreThanTheLimit) {
  for (int round = 0; round < 3; ++round) {
    for (uint32_t i = 0; i < 500; ++i) (void)table_.Enter(TestObject(1000 * round + i));  // as a Destroy or a Glimpse does
    table_.Trim(0);
    EXPECT_LE(table_.object_count(), kSmall.objects_max);
  }
}

TEST_F(ObjectTableTest, WhatIsInUseOrChangedStaysUntilItsBatchIsStable) {
  const ObjectUse object = table_.Enter(TestObject(0));
  for (uint64_t number = 0; number < 40; ++number) {
    (void)Load(*object, number);
    object->chunks.at(number).dirty = true;
    table_.Trim(0);
  }
  EXPECT_EQ(table_.chunk_count(), 40u);
  for (auto& [number, chunk] : object->chunks) {
    chunk.dirty = false;
    chunk.batch = 1;
  }
  table_.Trim(0);
  EXPECT_EQ(table_.chunk_count(), 40u);
  table_.Trim(1);
  EXPECT_EQ(table_.chunk_count(), 0u);
  EXPECT_EQ(table_.object_count(), 1u);
}

TEST_F(ObjectTableTest, AChunkOnlyReadGoesAlthoughAllOthersHaveToStay) {
  const ObjectUse object = table_.Enter(TestObject(0));
  for (uint64_t number = 0; number < 40; ++number) {
    (void)Load(*object, number);
    object->chunks.at(number).dirty = true;
  }
  table_.Trim(0);  // finds that nothing can go
  {
    const ChunkPins pins = Load(*object, 100);
    table_.Trim(0);
    EXPECT_EQ(table_.chunk_count(), 41u);
  }
  table_.Trim(0);
  EXPECT_EQ(table_.chunk_count(), 40u);
}

}  // namespace
}  // namespace nacre
