#include "common/layout/stripe_map.h"

#include <gtest/gtest.h>

#include "common/base/random.h"

namespace nacre {
namespace {

Component Striped(uint32_t count, uint64_t stripe_bytes) {
  Component component;
  component.stripe_bytes = stripe_bytes;
  for (uint32_t i = 0; i < count; ++i) component.osts.push_back(i);
  return component;
}

TEST(StripeMap, SplitsARangeThatCrossesAStripeBorder) {
  const auto pieces = SplitByStripe(Striped(3, kMiB), kMiB - 10, 20);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0], (StripePiece{0, kMiB - 10, kMiB - 10, 10}));
  EXPECT_EQ(pieces[1], (StripePiece{1, kMiB, 0, 10}));
}

TEST(StripeMap, JoinsNeighboursOfOneObject) {
  const auto pieces = SplitByStripe(Striped(1, 64 * kKiB), 5, 10 * kMiB);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0], (StripePiece{0, 5, 5, 10 * kMiB}));
}

TEST(StripeMap, SplitsNothingIntoNothing) { EXPECT_TRUE(SplitByStripe(Striped(2, kMiB), 7, 0).empty()); }

// The map against its definition: every byte of random ranges is in exactly one piece, where the formula puts it.
TEST(StripeMap, MapsEveryByteThereAndBack) {
  SeededRandom random(7);
  for (int round = 0; round < 2000; ++round) {
    const Component component = Striped(1 + random.Below(7), kStripeBytesUnit * (1 + random.Below(4)));
    const uint64_t offset = random.Below(20 * kMiB), length = random.Below(3 * kMiB);
    uint64_t at = offset;
    for (const StripePiece& piece : SplitByStripe(component, offset, length)) {
      ASSERT_EQ(piece.file_offset, at);
      ASSERT_GT(piece.length, 0u);
      ASSERT_EQ(FileOffsetOf(component, piece.stripe, piece.object_offset), piece.file_offset);
      const uint64_t unit = piece.file_offset / component.stripe_bytes;
      ASSERT_EQ(piece.stripe, unit % component.stripe_count());
      at += piece.length;
    }
    ASSERT_EQ(at, offset + length);
  }
}

TEST(StripeMap, ObjectSizesAndFileSizeTellTheSame) {
  for (uint32_t count : {1u, 2u, 3u, 5u}) {
    const Component component = Striped(count, 64 * kKiB);
    for (uint64_t border : {uint64_t{0}, 64 * kKiB, 128 * kKiB, 192 * kKiB, 640 * kKiB}) {
      for (int64_t delta = -2; delta <= 2; ++delta) {
        if (static_cast<int64_t>(border) + delta < 0) continue;
        const uint64_t size = border + static_cast<uint64_t>(delta);
        std::vector<uint64_t> sizes;
        uint64_t total = 0;
        for (uint32_t stripe = 0; stripe < count; ++stripe) {
          sizes.push_back(ObjectSizeFor(component, stripe, size));
          total += sizes.back();
        }
        EXPECT_EQ(total, size);
        EXPECT_EQ(FileSizeFrom(component, sizes), size);
      }
    }
  }
}

TEST(StripeMap, ASparseFileEndsWhereItsFarthestObjectEnds) {
  EXPECT_EQ(FileSizeFrom(Striped(3, kMiB), {0, 1, 0}), kMiB + 1);
  EXPECT_EQ(FileSizeFrom(Striped(3, kMiB), {0, 0, 0}), 0u);
  EXPECT_EQ(FileSizeFrom(Striped(2, kMiB), {kMiB + 5, 3}), 2 * kMiB + 5);
}

TEST(Layout, RefusesWhatThisVersionCannotServe) {
  EXPECT_TRUE(Validate(MakeStripedLayout(0, kMiB, {0, 1})).ok());
  EXPECT_EQ(Validate(MakeStripedLayout(0, kMiB, {})).code(), Code::kInvalid);
  EXPECT_EQ(Validate(MakeStripedLayout(0, 4096, {0})).code(), Code::kInvalid);
  EXPECT_EQ(Validate(MakeStripedLayout(0, 0, {0})).code(), Code::kInvalid);
  EXPECT_EQ(Validate(Layout{}).code(), Code::kUnsupported);
  Layout flagged = MakeStripedLayout(0, kMiB, {0});
  flagged.mirrors[0].components[0].flags = 1;
  EXPECT_EQ(Validate(flagged).code(), Code::kUnsupported);
  Layout stale = MakeStripedLayout(0, kMiB, {0});
  stale.mirrors[0].state = MirrorState::kStale;
  EXPECT_EQ(Validate(stale).code(), Code::kInvalid);
}

TEST(ObjectId, SurvivesItsKeyForm) {
  const ObjectId id{.fid = {.seq = 0x123456789abcdef0, .oid = 7, .ver = 0}, .component = 3, .mirror = 9, .stripe = 11};
  std::string key;
  AppendObjectId(key, id);
  ASSERT_EQ(key.size(), kObjectIdBytes);
  EXPECT_EQ(LoadObjectId(AsBytes(key).data()), id);
}

}  // namespace
}  // namespace nacre
