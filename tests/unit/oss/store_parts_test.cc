// The pure parts of the store: interval sets, slot maps, rows.
#include <gtest/gtest.h>

#include <set>

#include "common/base/bytes.h"
#include "common/base/random.h"
#include "oss/core/chunk.h"
#include "oss/core/interval_set.h"
#include "oss/core/rows.h"
#include "oss/core/slot_map.h"

namespace nacre {
namespace {

TEST(IntervalSet, AgreesWithASetOfNumbers) {
  SeededRandom random(4);
  IntervalSet intervals;
  std::set<uint64_t> model;
  for (int round = 0; round < 3000; ++round) {
    const uint64_t first = random.Below(100), count = random.Below(12);
    if (random.Below(2) == 0) {
      intervals.Add(first, count);
      for (uint64_t i = 0; i < count; ++i) model.insert(first + i);
    } else {
      intervals.Remove(first, count);
      for (uint64_t i = 0; i < count; ++i) model.erase(first + i);
    }
    ASSERT_EQ(intervals.count(), model.size());
    const uint64_t at = random.Below(110);
    uint64_t inside = 0, outside = 0;
    while (inside < 20 && model.contains(at + inside)) ++inside;
    while (outside < 20 && !model.contains(at + outside)) ++outside;
    ASSERT_EQ(intervals.RunInside(at, 20), inside);
    ASSERT_EQ(intervals.RunOutside(at, 20), outside);
    uint64_t end = 0;
    for (const auto& [run, length] : intervals.runs()) {
      ASSERT_TRUE(run == 0 || run > end || end == 0) << "runs touch";
      end = run + length;
    }
  }
}

TEST(SlotMap, PagesGoHomeWhileHomeIsFreeAndElseToTheOverflow) {
  SlotMap slots;
  EXPECT_EQ(*slots.Allocate(10, 20), (std::vector<SlotSpan>{{10, 20}}));
  EXPECT_EQ(*slots.Allocate(25, 10), (std::vector<SlotSpan>{{kIdentitySlots, 5}, {30, 5}}));
  slots.Free({12, 1});
  EXPECT_EQ(*slots.Allocate(11, 3), (std::vector<SlotSpan>{{kIdentitySlots + 5, 1}, {12, 1}, {kIdentitySlots + 6, 1}}));
  EXPECT_EQ(*slots.Allocate(uint64_t{1} << 40, 2), (std::vector<SlotSpan>{{kIdentitySlots + 7, 2}}));
}

TEST(SlotMap, FreedOverflowIsUsedFirstAndNotWhileItIsPunched) {
  SlotMap slots;
  ASSERT_TRUE(slots.Allocate(uint64_t{1} << 40, 10));
  slots.Free({kIdentitySlots + 2, 3});
  const std::vector<SlotSpan> punching = slots.TakeStale();
  EXPECT_EQ(punching, (std::vector<SlotSpan>{{kIdentitySlots + 2, 3}}));
  EXPECT_EQ(*slots.Allocate(uint64_t{1} << 40, 1), (std::vector<SlotSpan>{{kIdentitySlots + 10, 1}}));
  slots.Punched(punching);
  EXPECT_EQ(*slots.Allocate(uint64_t{1} << 40, 4), (std::vector<SlotSpan>{{kIdentitySlots + 2, 3}, {kIdentitySlots + 11, 1}}));
}

TEST(SlotMap, NeverGivesASlotOutTwice) {
  SeededRandom random(9);
  SlotMap slots;
  std::set<uint32_t> used;
  std::vector<SlotSpan> punching;
  for (int round = 0; round < 5000; ++round) {
    const uint64_t what = random.Below(10);
    if (what < 5) {
      const uint64_t page = random.Below(50) + (random.Below(3) == 0 ? kIdentitySlots - 25 : 0);
      const auto spans = slots.Allocate(page, 1 + static_cast<uint32_t>(random.Below(8)));
      ASSERT_TRUE(spans);
      for (SlotSpan span : *spans) {
        for (uint32_t i = 0; i < span.count; ++i) {
          ASSERT_TRUE(used.insert(span.first + i).second);
          for (SlotSpan held : punching) ASSERT_FALSE(span.first + i >= held.first && span.first + i < held.first + held.count);
        }
      }
    } else if (what < 9 && !used.empty()) {
      auto it = used.begin();
      std::advance(it, random.Below(used.size()));
      slots.Free({*it, 1});
      used.erase(it);
    } else if (punching.empty()) {
      punching = slots.TakeStale();
    } else {
      slots.Punched(std::exchange(punching, {}));
    }
    ASSERT_EQ(slots.used_count(), used.size());
  }
}

TEST(Chunk, ComesBackFromItsRow) {
  SeededRandom random(5);
  for (int round = 0; round < 200; ++round) {
    Chunk chunk;
    for (uint64_t i = random.Below(300); i > 0; --i) {
      const uint32_t index = static_cast<uint32_t>(random.Below(kChunkPages));
      if (random.Below(4) == 0) {
        chunk.Clear(index);
      } else {
        const uint32_t slot = random.Below(3) == 0 ? static_cast<uint32_t>(random.Below(1000)) : index;
        chunk.Put(index, {random.Below(3), slot, static_cast<uint32_t>(random.Next64())});
      }
    }
    const std::string row = chunk.Encode();
    const Result<Chunk> back = Chunk::Decode(row);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->stored_count(), chunk.stored_count());
    for (uint32_t i = 0; i < kChunkPages; ++i) {
      EXPECT_EQ(back->Get(i).slot, chunk.Get(i).slot);
      EXPECT_EQ(back->Get(i).hole() ? 0 : back->Get(i).crc, chunk.Get(i).hole() ? 0 : chunk.Get(i).crc);
      EXPECT_EQ(back->Get(i).version, chunk.Get(i).version);
    }
    EXPECT_EQ(back->Encode(), row);
    for (size_t cut = 0; cut < row.size(); cut += 1 + row.size() / 50) {
      EXPECT_EQ(Chunk::Decode(std::string_view(row).substr(0, cut)).code(), Code::kIntegrity);
    }
    std::string flipped = row;
    char& hit = flipped[random.Below(flipped.size())];
    hit = static_cast<char>(hit ^ (1U << random.Below(8)));
    (void)Chunk::Decode(flipped).ok();  // whatever it says, it does not crash
  }
}

TEST(Chunk, ItsRowIsFrozen) {
  Chunk chunk;
  chunk.Put(1, {0x0102, 1, 0xaabbccdd});
  chunk.Put(2, {0x0102, 2, 0x11223344});
  chunk.Put(5, {0x0103, 9, 0x55667788});
  EXPECT_EQ(ToHex(AsBytes(chunk.Encode())),
            "0100" "0002" "010100000001" "050000000009"
            "0002" "00020000000000000102" "00010000000000000103"
            "aabbccdd" "11223344" "55667788");
}

TEST(Rows, ObjectRowsAreFrozenAndComeBack) {
  const ObjectRow row{.encryption = ObjectEncryption::kEncrypted, .size = 5000, .mtime_ns = -2, .file_epoch = 3,
                      .change_epoch = 2, .resync_transno = 0, .pages = 2};
  const std::string bytes = EncodeObjectRow(row);
  EXPECT_EQ(ToHex(AsBytes(bytes)), "0102" "0000000000001388" "fffffffffffffffe" "0000000000000003"
                                   "0000000000000002" "0000000000000000" "0000000000000002");
  EXPECT_EQ(*DecodeObjectRow(bytes), row);
  EXPECT_EQ(DecodeObjectRow(bytes + "x").code(), Code::kIntegrity);
  EXPECT_EQ(DecodeObjectRow("").code(), Code::kIntegrity);
  EXPECT_EQ(*DecodeTombstone(EncodeTombstone(77)), 77u);
  EXPECT_EQ(DecodeTombstone("1").code(), Code::kIntegrity);
}

}  // namespace
}  // namespace nacre
