// Files of which the store knows nothing after a crash go, in the background, and nothing else does.
#include <gtest/gtest.h>

#include "tests/unit/oss/oss_world.h"

namespace nacre {
namespace {

class Leftovers : public testing::Test {
 protected:
  // The server starts where an object has a file and no row.
  void SetUp() override { Start(); }
  void Start() {
    world.Renew();
    ASSERT_TRUE(world.Write(object, 0, PageOf(1) + PageOf(3) + PageOf(4)).ok());
    auto left = world.kv->CrashedCopy();
    world.Shut();
    world.kv = std::move(left);
    ASSERT_TRUE(world.device->Has(object));
    ++world.options.boot_count;
    world.Boot();
  }

  OssWorld world;
  const ObjectId object = TestObject(0);
};

TEST_F(Leftovers, AreGoneSoonAfterAStart) {
  world.queue.RunAll();
  EXPECT_FALSE(world.device->Has(object));
}

TEST_F(Leftovers, AServerThatStopsDoesNotWaitForThem) {
  world.Shut();
  EXPECT_TRUE(world.device->Has(object));
  ++world.options.boot_count;
  world.Boot();
  world.queue.RunAll();
  EXPECT_FALSE(world.device->Has(object));
}

// They would lie in its file for as long as it lives.
TEST_F(Leftovers, AnObjectThatIsMadeThereMeanwhileDoesNotKeepTheirBlocks) {
  ASSERT_EQ(world.device->StoredPages(), 3u);
  ASSERT_TRUE(world.Write(object, 7, PageOf(2)).ok());
  world.queue.RunAll();
  EXPECT_EQ(world.device->StoredPages(), 1u);
}

TEST_F(Leftovers, WhatIsWrittenThereMeanwhileStays) {
  for (int steps = 0; steps < 60; ++steps) {
    SCOPED_TRACE(steps);
    Start();
    for (int i = 0; i < steps; ++i) (void)world.queue.RunOne();
    ASSERT_TRUE(world.Write(object, 1, PageOf(2)).ok());
    if (steps % 2 == 0) {
      ASSERT_TRUE(world.Commit().ok());
    }
    world.queue.RunAll();
    const auto read = world.Read(object, 0, 2);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(BytesOf(read->run), PageOf(2)) << "and a hole before it";
    world.Restart();
    world.queue.RunAll();
    ASSERT_TRUE(world.device->Has(object));
    EXPECT_EQ(BytesOf(world.Read(object, 1, 1)->run), PageOf(2));
  }
}

}  // namespace
}  // namespace nacre
