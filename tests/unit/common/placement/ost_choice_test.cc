#include "common/placement/ost_choice.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/base/units.h"

namespace nacre {
namespace {

TEST(OstChoice, DrawsEachOnceAndNoMoreThanThereAre) {
  SeededRandom random(1);
  const std::vector<OstCandidate> three{{0, kGiB}, {1, kGiB}, {5, kGiB}};
  const auto all = ChooseOsts(three, {.count = kAllOsts}, random);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(std::set<uint32_t>(all->begin(), all->end()), (std::set<uint32_t>{0, 1, 5}));
  EXPECT_EQ(all->size(), 3u);
  EXPECT_EQ(ChooseOsts(three, {.count = 2, .has_first = true, .first = 5}, random)->front(), 5u);
}

TEST(OstChoice, FollowsFreeSpace) {
  SeededRandom random(2);
  std::map<uint32_t, int> drawn;
  for (int i = 0; i < 4000; ++i) ++drawn[ChooseOsts({{0, kGiB}, {1, 3 * kGiB}, {2, 0}}, {.count = 1}, random)->front()];
  EXPECT_NEAR(drawn[1], 3000, 200);
  EXPECT_EQ(drawn[2], 0);
}

// The word that all are full is seconds old; each of them says itself whether it is.
TEST(OstChoice, DrawsEvenlyWhereAllAreSaidToBeFull) {
  SeededRandom random(4);
  std::map<uint32_t, int> drawn;
  for (int i = 0; i < 4000; ++i) ++drawn[ChooseOsts({{0, 0}, {1, 10}, {2, kMiB - 1}}, {.count = 1}, random)->front()];
  for (uint32_t index = 0; index < 3; ++index) EXPECT_NEAR(drawn[index], 1333, 150);
  EXPECT_EQ(ChooseOsts({{0, 0}, {1, 0}}, {.count = kAllOsts}, random)->size(), 2u);
}

TEST(OstChoice, SaysWhyThereIsNone) {
  SeededRandom random(3);
  EXPECT_EQ(ChooseOsts({}, {}, random).code(), Code::kUnavailable);
  EXPECT_EQ(ChooseOsts({{0, kGiB}}, {.count = 1, .has_first = true, .first = 3}, random).code(), Code::kUnavailable);
}

}  // namespace
}  // namespace nacre
