#include "common/base/page_buffer.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "common/base/units.h"

namespace nacre {
namespace {

class PageBuffers : public testing::TestWithParam<size_t> {};

TEST_P(PageBuffers, AreWholePagesOfTheirOwnAndCanBeFilled) {
  const auto pool = PageBufferPool::Create(GetParam(), 3);
  std::vector<std::shared_ptr<MutableBytes>> taken;
  std::set<uintptr_t> places;
  for (uint8_t i = 0; i < 7; ++i) {
    taken.push_back(pool->Take());
    ASSERT_EQ(taken.back()->size(), GetParam());
    const auto place = reinterpret_cast<uintptr_t>(taken.back()->data());
    EXPECT_EQ(place % kPageBytes, 0u);
    EXPECT_TRUE(places.insert(place).second) << "one memory for two";
    std::fill(taken.back()->begin(), taken.back()->end(), i);
  }
  for (uint8_t i = 0; i < 7; ++i) {
    for (const uint8_t byte : *taken[i]) ASSERT_EQ(byte, i) << "buffers overlap";
  }
}

TEST_P(PageBuffers, GoRound) {
  const auto pool = PageBufferPool::Create(GetParam(), 2);  // a small buffer may have a neighbour
  const uint8_t* const first = pool->Take()->data();
  EXPECT_EQ(pool->Take()->data(), first);
}

TEST_P(PageBuffers, KeepTheirPoolAlive) {
  auto pool = PageBufferPool::Create(GetParam(), 4);
  const std::shared_ptr<MutableBytes> kept = pool->Take();
  { const std::shared_ptr<MutableBytes> other = pool->Take(); }
  pool.reset();
  std::fill(kept->begin(), kept->end(), uint8_t{1});
}

INSTANTIATE_TEST_SUITE_P(Sizes, PageBuffers, testing::Values(kPageBytes, 3 * kPageBytes, kMiB, 3 * kMiB, 4 * kMiB));

}  // namespace
}  // namespace nacre
