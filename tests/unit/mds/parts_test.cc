// The parts that decide: dirstat folding, keys, grants, openers, the cluster map, places of equal hashes.
#include <gtest/gtest.h>

#include "common/kv/memory_kv.h"
#include "mds/core/cluster_map.h"
#include "mds/core/dirent_table.h"
#include "mds/core/dirstat.h"
#include "mds/core/fid_grants.h"
#include "mds/core/key_schema.h"
#include "mds/core/openers.h"

namespace nacre {
namespace {

TEST(Dirstat, FoldsCountsAndKeepsTheLastTimes) {
  const Dirstat before{.entries = 3, .subdirectories = 1, .mtime_ns = 10, .ctime_ns = 20};
  EXPECT_EQ(Fold(before, {.entries = -1, .mtime_ns = 5}),
            (Dirstat{.entries = 2, .subdirectories = 1, .mtime_ns = 5, .ctime_ns = 20}));
  EXPECT_EQ(DecodeDirstat(EncodeDirstat(before)), before);
  EXPECT_EQ(DecodeDirstat("short"), std::nullopt);
  EXPECT_EQ(DecodeDirstat(MergeDirstat(std::nullopt, EncodeDirstat(before))), before);
  EXPECT_EQ(DecodeDirstat(MergeDirstat(EncodeDirstat(before), "garbage")), before);
}

TEST(KeySchema, TheStoredBytesAreFrozen) {
  const Fid fid{.seq = 2, .oid = 5};
  EXPECT_EQ(ToHex(AsBytes(DirentKey(fid, 0x0102))), "000000000000000200000005000000000000000000000102");
  EXPECT_EQ(ToHex(AsBytes(UnlinkedKey(3, {.fid = fid, .component = 1, .mirror = 2, .stripe = 4}))),
            "00000003" "00000000000000020000000500000000" "0001" "00000002" "00000004");
  EXPECT_EQ(ToHex(AsBytes(TargetKey(v1::TARGET_OST, 1))), "7461726765742f0000000100000001");
  EXPECT_EQ(MdsFamilies()[static_cast<size_t>(kLinkFamily)].name, "link");
  EXPECT_EQ(MdsFamilies()[static_cast<size_t>(kUnlinkedFamily)].name, "unlinked");
  EXPECT_EQ(ToHex(AsBytes(EncodeDirstat({.entries = 1, .subdirectories = -1, .ctime_ns = 7}))),
            "020000000000000001ffffffffffffffff00000000000000000000000000000007");
}

TEST(DirentTable, NamesWithOneHashTakeTheNextFreePlaceAndKeepIt) {
  MemoryKv kv(MdsFamilies());
  DirentTable table(kv);
  const std::string salt(16, 's');
  auto place = table.Find(kRootFid, salt, "name");
  ASSERT_TRUE(place.ok());
  const uint64_t base = place->free_cookie;
  EXPECT_EQ(base & 0xff, 0u);
  KvBatch batch;
  for (uint64_t i = 0; i < 256; ++i) {
    if (i == 7) continue;
    const Dirent entry{.cookie = base + i, .name = "collides" + std::to_string(i), .fid = kRootFid};
    DirentTable::Put(batch, kRootFid, entry);
  }
  ASSERT_TRUE(kv.Apply(batch, KvStore::Durability::kApplied).ok());
  place = table.Find(kRootFid, salt, "name");
  EXPECT_EQ(place->free_cookie, base + 7);
  KvBatch last;
  const Dirent entry{.cookie = base + 7, .name = "the last", .fid = kRootFid};
  DirentTable::Put(last, kRootFid, entry);
  ASSERT_TRUE(kv.Apply(last, KvStore::Durability::kApplied).ok());
  EXPECT_EQ(table.Find(kRootFid, salt, "name")->free_cookie, 0u) << "full";
}

TEST(FidGrants, KnowOwnRangesAndUsedFids) {
  FidGrants grants;
  grants.Grant(1, 40);
  EXPECT_TRUE(grants.Check(1, {.seq = 40, .oid = 1000}).ok());
  EXPECT_EQ(grants.Check(2, {.seq = 40, .oid = 1}).code(), Code::kInvalid);
  EXPECT_EQ(grants.Check(1, {.seq = 41, .oid = 1}).code(), Code::kInvalid);
  grants.Used(1, {.seq = 40, .oid = 1000});
  EXPECT_EQ(grants.Check(1, {.seq = 40, .oid = 1000}).code(), Code::kInvalid);
  grants.Drop(1);
  EXPECT_EQ(grants.Check(1, {.seq = 40, .oid = 2}).code(), Code::kInvalid);
}

TEST(Openers, SayWhoWasAloneAndWhoWasLast) {
  Openers openers;
  const Fid fid{.seq = 2, .oid = 1};
  ASSERT_TRUE(openers.Add(fid, {1, 10}, true, true).ok());
  ASSERT_TRUE(openers.Add(fid, {1, 10}, true, true).ok()) << "sent again";
  ASSERT_TRUE(openers.Add(fid, {2, 5}, false, false).ok());
  EXPECT_TRUE(openers.MayWrite(fid, 1));
  EXPECT_FALSE(openers.MayWrite(fid, 2));
  const auto closed = openers.Remove(fid, {1, 10});
  EXPECT_TRUE(closed.found && closed.wrote && closed.last_writer && closed.only_writer);
  EXPECT_FALSE(closed.last_opener);
  EXPECT_FALSE(openers.Remove(fid, {1, 10}).found);
  EXPECT_TRUE(openers.Remove(fid, {2, 5}).last_opener);
  EXPECT_FALSE(openers.IsOpen(fid));
  EXPECT_TRUE(openers.OfSession(1).empty());

  ASSERT_TRUE(openers.Add(fid, {1, 11}, true, false).ok());
  EXPECT_FALSE(openers.Remove(fid, {1, 11}).only_writer) << "the size was not known before";
  ASSERT_TRUE(openers.Add(fid, {1, 12}, true, true).ok());
  openers.DistrustReports(fid);
  EXPECT_FALSE(openers.Remove(fid, {1, 12}).only_writer);
}

// An OST announces itself before it serves, and cannot say yet how full it is.
TEST(ClusterMap, ATargetThatDoesNotServeYetKeepsTheSpaceItHad) {
  ClusterMap map(std::chrono::seconds(10));
  v1::Target target;
  target.set_kind(v1::TARGET_OST);
  target.set_address("a:1");
  target.set_boot_count(1);
  target.set_capacity_bytes(1000);
  target.set_free_bytes(400);
  const std::string instance(16, 'i');
  ASSERT_TRUE(map.Announce(target, instance, MonotonicTime{0}).ok());
  target.set_boot_count(2);
  target.clear_capacity_bytes();
  target.clear_free_bytes();
  const auto stored = map.Announce(target, instance, MonotonicTime{0});
  ASSERT_TRUE(stored.ok() && stored->has_value());
  EXPECT_EQ((*stored)->target().boot_count(), 2u);
  EXPECT_EQ((*stored)->target().capacity_bytes(), 1000u);
  EXPECT_EQ(map.UsableOsts(MonotonicTime{0})[0].free_bytes, 400u);
}

TEST(ClusterMap, TargetsGoDownWhenSilentAndComeBack) {
  ClusterMap map(std::chrono::seconds(10));
  v1::Target target;
  target.set_kind(v1::TARGET_OST);
  target.set_index(4);
  target.set_address("a:1");
  const std::string instance(16, 'i');
  const MonotonicTime start{0};
  EXPECT_TRUE(map.Announce(target, instance, start)->has_value());
  EXPECT_FALSE(map.Announce(target, instance, start)->has_value()) << "nothing new";
  EXPECT_EQ(map.Announce(target, std::string(16, 'j'), start).code(), Code::kExists);
  EXPECT_EQ(map.Announce(target, "short", start).code(), Code::kInvalid);
  EXPECT_EQ(map.UsableOsts(start).size(), 1u);
  const uint64_t version = map.version();
  const MonotonicTime later = start + std::chrono::seconds(11);
  map.Refresh(later);
  EXPECT_GT(map.version(), version);
  EXPECT_TRUE(map.UsableOsts(later).empty());
  EXPECT_EQ(map.Targets(later)[0].state(), v1::TARGET_DOWN);
  target.set_address("b:2");
  EXPECT_TRUE(map.Announce(target, instance, later)->has_value());
  EXPECT_EQ(map.UsableOsts(later).size(), 1u);
}

}  // namespace
}  // namespace nacre
