#include "oss/core/object_server.h"

#include "tests/unit/oss/object_model.h"

namespace nacre {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(ObjectServer, ReadsBackWhatWasWrittenHolesIncluded) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  const std::string two = PageOf(1) + PageOf(2);
  auto wrote = world.Write(id, 3, two, 100);
  ASSERT_TRUE(wrote.ok()) << wrote.status().ToString();
  EXPECT_EQ(wrote->object_size(), 5 * kPageBytes - 100);
  EXPECT_EQ(wrote->allocated_bytes(), 2 * kPageBytes);
  auto read = world.Read(id, 0, 100);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->header.page_count(), 5u);
  EXPECT_EQ(read->header.object_size(), 5 * kPageBytes - 100);
  ASSERT_EQ(read->header.holes_size(), 1);
  EXPECT_EQ(read->header.holes(0).first(), 0u);
  EXPECT_EQ(read->header.holes(0).count(), 3u);
  EXPECT_EQ(BytesOf(read->run), two);
  EXPECT_TRUE(read->run->encrypted() && read->header.encrypted());
}

TEST(ObjectServer, AMissingObjectReadsAsEmpty) {
  OssWorld world;
  auto read = world.Read(TestObject(0), 5, 10);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->header.page_count(), 0u);
  EXPECT_EQ(read->header.object_size(), 0u);
  EXPECT_EQ(read->run, nullptr);
  EXPECT_FALSE(world.Glimpse(TestObject(0)).exists());
  EXPECT_EQ(world.Ping().objects(), 0u);
}

TEST(ObjectServer, TheSizeIsTheLargestEndOfAnyWriteAndMtimeTheLargestGiven) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  auto first = world.WriteOf(id, 0, PageOf(1), 10);
  first.set_mtime_ns(500);
  ASSERT_TRUE(world.Run(world.server->Write(first, RunOf(PageOf(1)))).ok());
  auto second = world.WriteOf(id, 0, PageOf(2), 4000);
  second.set_mtime_ns(300);
  EXPECT_EQ(world.Run(world.server->Write(second, RunOf(PageOf(2))))->object_size(), 4086u);
  EXPECT_EQ(world.Glimpse(id).mtime_ns(), 500);
  EXPECT_EQ(BytesOf(world.Read(id, 0, 1)->run), PageOf(2));
}

TEST(ObjectServer, AWriteIsAnsweredBeforeItIsStableAndTheTimerMakesItSo) {
  OssWorld world;
  auto wrote = world.Write(TestObject(0), 0, PageOf(1));
  EXPECT_FALSE(wrote->header().stable());
  EXPECT_EQ(wrote->header().last_committed() >> 40, 1u);
  EXPECT_LT(wrote->header().last_committed(), wrote->header().transno());
  world.queue.Advance(seconds(5));
  auto next = world.Write(TestObject(1), 0, PageOf(2));
  EXPECT_EQ(next->header().last_committed(), wrote->header().transno());
}

TEST(ObjectServer, WhatWasCommittedIsThereAfterARestart) {
  OssWorld world;
  ASSERT_TRUE(world.Write(TestObject(0), 300, PageOf(1) + PageOf(2), 7).ok());
  ASSERT_TRUE(world.Commit().ok());
  SeededRandom random(1);
  world.Crash(random);
  auto read = world.Read(TestObject(0), 300, 2);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->header.object_size(), 302 * kPageBytes - 7);
  EXPECT_EQ(BytesOf(read->run), PageOf(1) + PageOf(2));
  EXPECT_EQ(world.Ping().objects(), 1u);
  EXPECT_EQ(world.Ping().used_bytes(), 2 * kPageBytes);
}

TEST(ObjectServer, ObjectsWhoseMapIsMissingAreNotTakenForLeftovers) {
  OssWorld world;
  ASSERT_TRUE(world.Write(TestObject(0), 0, PageOf(1)).ok());
  ASSERT_TRUE(world.Commit().ok());
  world.Shut();
  MemoryKv empty(ObjectStoreFamilies());  // what a start finds where db/ is not mounted
  ++world.options.boot_count;
  for (int tries = 0; tries < 2; ++tries) {
    ObjectServer server({world.queue, world.queue, world.queue.clock, empty, *world.device, {}}, world.options);
    const Status refused = world.Run(server.Start());
    EXPECT_EQ(refused.code(), Code::kIntegrity) << refused.ToString();
    EXPECT_NE(refused.message().find("db/"), std::string::npos) << refused.message();
    EXPECT_TRUE(world.device->Has(TestObject(0)));
    world.Run(server.Stop());
    world.queue.RunAll();
  }
  world.Boot();  // db/ is back
  EXPECT_EQ(BytesOf(world.Read(TestObject(0), 0, 1)->run), PageOf(1));
}

TEST(ObjectServer, AConditionThatDoesNotHoldRefusesTheWholeWrite) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  ASSERT_TRUE(world.Write(id, 0, PageOf(1) + PageOf(2)).ok());
  const std::string fresh = PageOf(3) + PageOf(4);
  const auto attempt = [&](const auto& prepare) {
    auto header = world.WriteOf(id, 0, fresh);
    prepare(header);
    return world.Run(world.server->Write(header, RunOf(fresh))).code();
  };
  EXPECT_EQ(attempt([&](auto& h) { h.mutable_first()->set_hole(true); }), Code::kLostRace);
  EXPECT_EQ(attempt([&](auto& h) { h.mutable_first()->set_digest(DigestOf(PageOf(2))); }), Code::kLostRace);
  EXPECT_EQ(attempt([&](auto& h) {
              h.mutable_first()->set_digest(DigestOf(PageOf(1)));
              h.mutable_last()->set_digest(DigestOf(PageOf(1)));
            }), Code::kLostRace);
  EXPECT_EQ(BytesOf(world.Read(id, 0, 2)->run), PageOf(1) + PageOf(2));
  EXPECT_EQ(attempt([&](auto& h) {
              h.mutable_first()->set_digest(DigestOf(PageOf(1)));
              h.mutable_last()->set_digest(DigestOf(PageOf(2)));
            }), Code::kOk);
  EXPECT_EQ(BytesOf(world.Read(id, 0, 2)->run), fresh);
}

TEST(ObjectServer, OfTwoWritersWhoReadTheSamePageOneWins) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  auto one = world.WriteOf(id, 4, PageOf(1));
  auto two = world.WriteOf(id, 4, PageOf(2));
  two.mutable_header()->set_slot(1);
  one.mutable_first()->set_hole(true);
  two.mutable_last()->set_hole(true);
  auto first = world.Begin(world.server->Write(one, RunOf(PageOf(1))));
  auto second = world.Begin(world.server->Write(two, RunOf(PageOf(2))));
  const Code a = world.Finish(first).code(), b = world.Finish(second).code();
  EXPECT_TRUE((a == Code::kOk) != (b == Code::kOk));
  EXPECT_TRUE(a == Code::kLostRace || b == Code::kLostRace);
}

TEST(ObjectServer, AResentWriteIsAnsweredFromItsRecordAlsoAfterARestart) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  auto header = world.WriteOf(id, 0, PageOf(1), 5);
  auto first = world.Run(world.server->Write(header, RunOf(PageOf(1))));
  ASSERT_TRUE(world.Write(id, 0, PageOf(2)).ok());
  header.mutable_header()->set_slot(1);
  auto other = world.Run(world.server->Write(header, RunOf(PageOf(1))));
  header.mutable_header()->set_resent(true);
  auto again = world.Run(world.server->Write(header, RunOf(PageOf(1))));
  ASSERT_TRUE(first.ok() && other.ok() && again.ok());
  EXPECT_EQ(again->header().transno(), other->header().transno());
  EXPECT_EQ(again->object_size(), other->object_size());
  ASSERT_TRUE(world.Commit().ok());
  world.Restart();
  auto after = world.Run(world.server->Write(header, RunOf(PageOf(1))));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->header().transno(), other->header().transno());
  EXPECT_TRUE(after->header().stable());
  EXPECT_EQ(after->header().boot_count(), 2u);
}

TEST(ObjectServer, AResendThatOvertakesItsOriginalHasNoSecondEffect) {
  OssWorld world;
  auto header = world.WriteOf(TestObject(0), 0, PageOf(1));
  auto first = world.Begin(world.server->Write(header, RunOf(PageOf(1))));
  header.mutable_header()->set_resent(true);
  auto again = world.Begin(world.server->Write(header, RunOf(PageOf(1))));
  auto a = world.Finish(first), b = world.Finish(again);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->header().transno(), b->header().transno());
}

TEST(ObjectServer, AStrayDuplicateOfAnOlderRequestIsRefused) {
  OssWorld world;
  auto old = world.WriteOf(TestObject(0), 0, PageOf(1));
  ASSERT_TRUE(world.Write(TestObject(0), 0, PageOf(2)).ok());
  EXPECT_EQ(world.Run(world.server->Write(old, RunOf(PageOf(1)))).code(), Code::kInvalid);
  EXPECT_EQ(BytesOf(world.Read(TestObject(0), 0, 1)->run), PageOf(2));
}

TEST(ObjectServer, SessionsComeFirstAndEndByDisconnectOrSilence) {
  OssWorld world;
  auto unknown = world.WriteOf(TestObject(0), 0, PageOf(1));
  unknown.mutable_header()->set_session(5);
  EXPECT_EQ(world.Run(world.server->Write(unknown, RunOf(PageOf(1)))).code(), Code::kNotConnected);
  auto foreign = world.ReadOf(TestObject(0), 0, 1);
  foreign.mutable_header()->set_client_id(std::string(16, 'd'));
  EXPECT_EQ(world.Run(world.server->Read(foreign)).code(), Code::kInvalid);

  auto wrote = world.Write(TestObject(0), 0, PageOf(1));
  v1::OssDisconnectRequest bye;
  *bye.mutable_header() = world.Header();
  auto gone = world.Run(world.server->Disconnect(bye));
  ASSERT_TRUE(gone.ok());
  EXPECT_GE(gone->header().last_committed(), wrote->header().transno());
  EXPECT_EQ(world.Read(TestObject(0), 0, 1).code(), Code::kNotConnected);

  v1::OssConnectRequest hello;
  *hello.mutable_header() = world.Header();
  ASSERT_TRUE(world.Run(world.server->Connect(hello)).ok());
  EXPECT_TRUE(world.Read(TestObject(0), 0, 1).ok());
  for (int i = 0; i < 60; ++i) world.queue.Advance(seconds(15));
  EXPECT_EQ(world.Read(TestObject(0), 0, 1).code(), Code::kNotConnected);
}

TEST(ObjectServer, AnOlderFileEpochIsRefusedAlsoOneOnlyReadWith) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  ASSERT_TRUE(world.Write(id, 0, PageOf(1)).ok());
  world.epoch = 4;
  ASSERT_TRUE(world.Read(id, 0, 1).ok());
  world.epoch = 3;
  EXPECT_EQ(world.Write(id, 0, PageOf(2)).code(), Code::kStaleEpoch);
  EXPECT_EQ(world.Read(id, 0, 1).code(), Code::kStaleEpoch);
  EXPECT_EQ(world.SetSize(id, 0, 3).code(), Code::kStaleEpoch);
  world.epoch = 4;
  EXPECT_TRUE(world.Write(id, 0, PageOf(3)).ok());
  ASSERT_TRUE(world.Commit().ok());
  world.Restart();
  world.epoch = 3;
  EXPECT_EQ(world.Read(id, 0, 1).code(), Code::kStaleEpoch);
}

TEST(ObjectServer, AHigherFileEpochIsTakenOnlyAfterCommittingWhatCameBefore) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  auto before = world.Write(id, 0, PageOf(1));
  EXPECT_FALSE(before->header().stable());
  world.epoch = 2;
  auto after = world.Write(id, 1, PageOf(2));
  EXPECT_GE(after->header().last_committed(), before->header().transno());
}

TEST(ObjectServer, RaisingTheEpochOfAnObjectThatIsNotThereFencesLateWrites) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  EXPECT_FALSE(world.Glimpse(id, 9).exists());
  SeededRandom random(3);
  world.Crash(random);
  EXPECT_EQ(world.Write(id, 0, PageOf(1)).code(), Code::kStaleEpoch);
  world.epoch = 9;
  EXPECT_TRUE(world.Write(id, 0, PageOf(1)).ok());
  EXPECT_EQ(world.Glimpse(id).file_epoch(), 9u);
}

TEST(ObjectServer, SetSizeCutsReplacesTheTailAndGrows) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  std::string bytes;
  for (int i = 0; i < 600; ++i) bytes += PageOf(static_cast<uint64_t>(i));
  ASSERT_TRUE(world.Write(id, 0, bytes).ok());
  auto request = world.SetSizeOf(id, 2 * kPageBytes + 100, 2);
  request.set_tail_page(PageOf(1000));
  request.mutable_tail_condition()->set_digest(DigestOf(PageOf(7)));
  EXPECT_EQ(world.Run(world.server->SetSize(request)).code(), Code::kLostRace);
  EXPECT_EQ(world.Glimpse(id).size(), 600 * kPageBytes);
  request.mutable_tail_condition()->set_digest(DigestOf(PageOf(2)));
  auto cut = world.Run(world.server->SetSize(request));
  ASSERT_TRUE(cut.ok()) << cut.status().ToString();
  EXPECT_TRUE(cut->header().stable());
  EXPECT_EQ(cut->allocated_bytes(), 3 * kPageBytes);
  EXPECT_EQ(world.Ping().used_bytes(), 3 * kPageBytes);
  world.epoch = 2;
  EXPECT_EQ(BytesOf(world.Read(id, 0, 10)->run), PageOf(0) + PageOf(1) + PageOf(1000));
  ASSERT_TRUE(world.SetSize(id, 10 * kPageBytes + 1, 3).ok());
  world.epoch = 3;
  auto read = world.Read(id, 0, 100);
  EXPECT_EQ(read->header.page_count(), 11u);
  EXPECT_EQ(read->header.holes(0).first(), 3u);
  EXPECT_EQ(read->header.holes(0).count(), 8u);
}

TEST(ObjectServer, ARepeatedOrderUnderTheSameEpochChangesNothing) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  ASSERT_TRUE(world.Write(id, 0, PageOf(1) + PageOf(2)).ok());
  ASSERT_TRUE(world.SetSize(id, kPageBytes, 2).ok());
  world.epoch = 2;
  ASSERT_TRUE(world.Write(id, 1, PageOf(3)).ok());
  auto again = world.SetSize(id, kPageBytes, 2);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->header().stable());
  EXPECT_EQ(BytesOf(world.Read(id, 0, 2)->run), PageOf(1) + PageOf(3));
  ASSERT_TRUE(world.Run(world.server->Punch(world.PunchOf(id, 0, 1, 3))).ok());
  world.epoch = 3;
  ASSERT_TRUE(world.Write(id, 0, PageOf(4)).ok());
  ASSERT_TRUE(world.Run(world.server->Punch(world.PunchOf(id, 0, 1, 3))).ok());
  EXPECT_EQ(BytesOf(world.Read(id, 0, 2)->run), PageOf(4) + PageOf(3));
}

TEST(ObjectServer, PunchMakesHolesReplacesEdgesAndKeepsTheSize) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  std::string bytes;
  for (int i = 0; i < 800; ++i) bytes += PageOf(static_cast<uint64_t>(i));
  ASSERT_TRUE(world.Write(id, 0, bytes).ok());
  ASSERT_TRUE(world.Commit().ok());
  world.Restart();  // whole chunks are then dropped without being loaded
  auto request = world.PunchOf(id, 100, 650, 2);
  for (uint64_t page : {99u, 750u}) {
    auto* edge = request.add_edges();
    edge->set_page(page);
    edge->set_ciphertext(PageOf(page + 5000));
    edge->mutable_condition()->set_digest(DigestOf(PageOf(page)));
  }
  auto punched = world.Run(world.server->Punch(request));
  ASSERT_TRUE(punched.ok()) << punched.status().ToString();
  EXPECT_EQ(punched->allocated_bytes(), 150 * kPageBytes);
  world.Restart();
  world.epoch = 2;
  auto read = world.Read(id, 98, 700);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->header.object_size(), 800 * kPageBytes);
  EXPECT_EQ(read->header.holes(0).first(), 100u);
  EXPECT_EQ(read->header.holes(0).count(), 650u);
  EXPECT_EQ(BytesOf(read->run).substr(0, 3 * kPageBytes), PageOf(98) + PageOf(5099) + PageOf(5750));
  EXPECT_EQ(world.Ping().used_bytes(), 150 * kPageBytes);
}

TEST(ObjectServer, ADestroyedObjectStaysDestroyedUntilItsTombstoneEnds) {
  OssWorld world;
  const ObjectId id = TestObject(0), never = TestObject(1);
  ASSERT_TRUE(world.Write(id, 0, PageOf(1)).ok());
  ASSERT_TRUE(world.Destroy(id).ok());
  ASSERT_TRUE(world.Destroy(never).ok());
  ASSERT_TRUE(world.Destroy(id).ok());
  world.queue.RunAll();
  EXPECT_FALSE(world.device->Has(id));
  EXPECT_EQ(world.Ping().used_bytes(), 0u);
  EXPECT_EQ(world.Ping().objects(), 0u);
  SeededRandom random(5);
  world.Crash(random);
  for (const ObjectId& object : {id, never}) {
    EXPECT_EQ(world.Write(object, 0, PageOf(2)).code(), Code::kStale);
    EXPECT_EQ(world.Read(object, 0, 1).code(), Code::kStale);
    EXPECT_EQ(world.SetSize(object, 0, 5).code(), Code::kStale);
    EXPECT_FALSE(world.Glimpse(object, 7).exists());
    EXPECT_FALSE(world.device->Has(object));
  }
  for (int i = 0; i < 65; ++i) world.queue.Advance(minutes(1));
  EXPECT_FALSE(world.kv->Seek(kTombstoneFamily, "")->Valid());
}

TEST(ObjectServer, TombstonesOfABulkRemovalAreGoneAFewRoundsAfterTheirTime) {
  constexpr uint32_t kExpired = 120'000;
  OssWorld world;
  const auto wall_seconds = static_cast<uint64_t>(world.queue.clock.WallNs()) / 1'000'000'000;
  KvBatch batch;
  for (uint32_t i = 0; i < kExpired; ++i) {
    batch.Put(kTombstoneFamily, ObjectKey(TestObject(i)), EncodeTombstone(wall_seconds - 4000));
  }
  const std::string fresh = ObjectKey(TestObject(kExpired / 2)), damaged = ObjectKey(TestObject(kExpired));
  batch.Put(kTombstoneFamily, fresh, EncodeTombstone(wall_seconds));
  batch.Put(kTombstoneFamily, damaged, "?");
  ASSERT_TRUE(world.kv->Apply(batch, KvStore::Durability::kSynced).ok());
  for (int rounds = 0; rounds < 2; ++rounds) world.queue.Advance(seconds(15));
  world.queue.Advance(seconds(5));  // and the batch that carries them
  std::vector<std::string> left;
  for (auto at = world.kv->Seek(kTombstoneFamily, ""); at->Valid(); at->Next()) left.emplace_back(at->key());
  EXPECT_EQ(left.size(), 2u);
  EXPECT_EQ(left.front(), fresh);
  // Rounds begin anew at the first.
  for (int i = 0; i < 65; ++i) world.queue.Advance(minutes(1));
  EXPECT_FALSE(world.kv->Get(kTombstoneFamily, fresh)->has_value());
}

TEST(ObjectServer, ARottenPageIsNamedAndCountedNeverReturned) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  ASSERT_TRUE(world.Write(id, 0, PageOf(1) + PageOf(2)).ok());
  ASSERT_TRUE(world.device->FlipBit(id, 1));
  auto read = world.Read(id, 0, 2);
  EXPECT_EQ(read.code(), Code::kIntegrity);
  EXPECT_NE(read.status().message().find(ToString(id) + " page 1"), std::string::npos) << read.status().message();
  EXPECT_TRUE(world.Read(id, 0, 1).ok());
  EXPECT_EQ(world.Ping().checksum_errors(), 1u);
}

TEST(ObjectServer, AFullStoreRefusesBeforeItChangesAnythingAndGivesSpaceBack) {
  ObjectServerOptions small;
  small.capacity_bytes = 4 * kPageBytes;
  OssWorld world(small);
  ASSERT_TRUE(world.Write(TestObject(0), 0, PageOf(1) + PageOf(2) + PageOf(3)).ok());
  EXPECT_EQ(world.Write(TestObject(1), 0, PageOf(4) + PageOf(5)).code(), Code::kNoSpace);
  EXPECT_FALSE(world.Glimpse(TestObject(1)).exists());
  EXPECT_EQ(world.Ping().free_bytes(), kPageBytes);
  // An overwrite needs room beside what it replaces, and gets it once that is free.
  ASSERT_TRUE(world.Commit().ok());
  EXPECT_TRUE(world.Write(TestObject(0), 0, PageOf(6)).ok());
  EXPECT_TRUE(world.Write(TestObject(0), 1, PageOf(7)).ok());
  ASSERT_TRUE(world.Destroy(TestObject(0)).ok());
  EXPECT_EQ(world.Ping().free_bytes(), 4 * kPageBytes);
  EXPECT_TRUE(world.Write(TestObject(1), 0, PageOf(4) + PageOf(5)).ok());
}

TEST(ObjectServer, ADeviceThatIsFullOrFailsLeavesTheObjectAsItWas) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  ASSERT_TRUE(world.Write(id, 0, PageOf(1)).ok());
  ASSERT_TRUE(world.Commit().ok());
  for (Code code : {Code::kNoSpace, Code::kIo}) {
    world.device->FailNextWrite(Status(code, "planted"));
    EXPECT_EQ(world.Write(id, 0, PageOf(2)).code(), code);
    EXPECT_EQ(BytesOf(world.Read(id, 0, 1)->run), PageOf(1));
  }
  world.device->FailNextRead(Status(Code::kIo, "planted"));
  EXPECT_EQ(world.Read(id, 0, 1).code(), Code::kIo);
  EXPECT_TRUE(world.Write(id, 0, PageOf(3)).ok());
  EXPECT_EQ(world.Ping().used_bytes(), 2 * kPageBytes);  // the committed page and the new one
  ASSERT_TRUE(world.Commit().ok());
  EXPECT_EQ(world.Ping().used_bytes(), kPageBytes);
}

TEST(ObjectServer, WritesUnderWayDoNotEatUpTheReserve) {
  OssWorld world;
  world.device->LimitBytes(kReserveBytes + 4 * kPageBytes);
  const std::string three = PageOf(1) + PageOf(2) + PageOf(3);
  auto other_slot = world.WriteOf(TestObject(1), 0, three);
  other_slot.mutable_header()->set_slot(1);
  auto first = world.Begin(world.server->Write(world.WriteOf(TestObject(0), 0, three), RunOf(three)));
  auto second = world.Begin(world.server->Write(other_slot, RunOf(three)));
  const Code a = world.Finish(first).code(), b = world.Finish(second).code();
  EXPECT_EQ(std::max(a, b), Code::kNoSpace);
  EXPECT_EQ(std::min(a, b), Code::kOk);
  EXPECT_EQ(world.Ping().free_bytes(), kPageBytes);
  EXPECT_TRUE(world.Write(TestObject(2), 0, PageOf(4)).ok());
}

TEST(ObjectServer, AWriteThatFailedLeavesNothingOnTheDevice) {
  OssWorld world;
  const ObjectId there = TestObject(0), not_there = TestObject(1);
  const std::string four = PageOf(2) + PageOf(3) + PageOf(4) + PageOf(5);
  ASSERT_TRUE(world.Write(there, 0, PageOf(1)).ok());
  ASSERT_TRUE(world.Commit().ok());
  for (Code code : {Code::kNoSpace, Code::kIo}) {
    for (const ObjectId& id : {there, not_there}) {
      world.device->FailNextWrite(Status(code, "planted"));
      EXPECT_EQ(world.Write(id, 10, four).code(), code);
      EXPECT_EQ(world.device->StoredPages(), 1u);
    }
  }
  EXPECT_FALSE(world.device->Has(not_there));
  EXPECT_EQ(world.Ping().used_bytes(), kPageBytes);
  ASSERT_TRUE(world.Write(not_there, 10, four).ok());
  ASSERT_TRUE(world.Commit().ok());
  world.Restart();
  EXPECT_EQ(BytesOf(world.Read(not_there, 10, 4)->run), four);
  EXPECT_EQ(BytesOf(world.Read(there, 0, 1)->run), PageOf(1));
}

TEST(ObjectServer, AWriteWhoseSessionEndedMeanwhileLeavesNothingOnTheDevice) {
  OssWorld world;
  auto write = world.Begin(world.server->Write(world.WriteOf(TestObject(0), 0, PageOf(1)), RunOf(PageOf(1))));
  v1::OssDisconnectRequest bye;
  *bye.mutable_header() = world.Header();
  ASSERT_TRUE(world.Run(world.server->Disconnect(bye)).ok());
  EXPECT_EQ(world.Finish(write).code(), Code::kNotConnected);
  EXPECT_FALSE(world.device->Has(TestObject(0)));
  EXPECT_EQ(world.Ping().used_bytes(), 0u);
}

TEST(ObjectServerDeathTest, AFailedSyncEndsTheProcess) {
  EXPECT_DEATH(
      {
        OssWorld world;
        world.ends_the_process = true;
        world.Restart();
        (void)world.Write(TestObject(0), 0, PageOf(1));
        world.device->FailNextSync(Status(Code::kIo, "planted"));
        (void)world.Commit();
      },
      "failed sync");
  EXPECT_DEATH(
      {
        OssWorld world;
        world.ends_the_process = true;
        world.Restart();
        (void)world.Write(TestObject(0), 0, PageOf(1));
        world.kv->FailNextSync(Status(Code::kIo, "planted"));
        (void)world.Commit();
      },
      "failed sync");
  EXPECT_DEATH(
      {
        OssWorld world;
        world.ends_the_process = true;
        world.Restart();
        world.kv->FailNextSync(Status(Code::kIo, "planted"));
        (void)world.Write(TestObject(0), 0, PageOf(1));  // the first write of a session is noted on the disk
      },
      "failed sync");
}

// The network may bring a request twice, and late.
TEST(ObjectServer, AWriteThatLostItsRaceIsNotDoneWhenACopyOfItArrivesLater) {
  OssWorld world;
  ASSERT_TRUE(world.Write(TestObject(0), 0, PageOf(1)).ok());
  v1::WriteHeader lost = world.WriteOf(TestObject(0), 1, PageOf(2));
  lost.mutable_first()->set_digest(DigestOf(PageOf(3)));
  const auto send = [&] { return world.Run(world.server->Write(lost, RunOf(PageOf(2)))); };
  EXPECT_EQ(send().code(), Code::kLostRace);
  v1::WriteHeader other = world.WriteOf(TestObject(0), 1, PageOf(3));
  other.mutable_header()->set_slot(7);
  ASSERT_TRUE(world.Run(world.server->Write(other, RunOf(PageOf(3)))).ok());
  EXPECT_EQ(send().code(), Code::kLostRace) << "now its condition would hold";
  EXPECT_EQ(BytesOf(world.Read(TestObject(0), 1, 1)->run), PageOf(3));
}

TEST(ObjectServer, WritersWaitWhileTooMuchIsNotStable) {
  ObjectServerOptions tight;
  tight.commit.commit_bytes = 1 * kMiB;
  tight.commit.dirty_bytes_max = 16 * kPageBytes;
  OssWorld world(tight);
  const std::string bytes = PageOf(1) + PageOf(2) + PageOf(3) + PageOf(4);
  for (uint64_t i = 0; i < 40; ++i) ASSERT_TRUE(world.Write(TestObject(0), i * 4, bytes).ok());
  auto last = world.Write(TestObject(0), 0, bytes);
  EXPECT_GT(last->header().last_committed() & 0xffffffff, 20u);
}

TEST(ObjectServer, FreedSlotsAreUsedAgainSoOverwritingDoesNotGrowTheStore) {
  OssWorld world;
  const ObjectId id = TestObject(0);
  for (uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(world.Write(id, i % 3, PageOf(i)).ok());
    if (i % 5 == 0) {
      ASSERT_TRUE(world.Commit().ok());
    }
  }
  ASSERT_TRUE(world.Commit().ok());
  world.queue.RunAll();
  EXPECT_EQ(world.Ping().used_bytes(), 3 * kPageBytes);
  EXPECT_LE(world.device->StoredPages(), 12u);
}

TEST(ObjectServer, CachedObjectsAreBoundedAndComeBack) {
  ObjectServerOptions small;
  small.cache.objects_max = 16;
  small.cache.chunks_max = 16;
  OssWorld world(small);
  for (uint32_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(world.Write(TestObject(i), uint64_t{i} * 300, PageOf(i)).ok());
    if (i % 10 == 9) {
      ASSERT_TRUE(world.Commit().ok());
    }
  }
  for (uint32_t i = 0; i < 200; ++i) EXPECT_EQ(BytesOf(world.Read(TestObject(i), uint64_t{i} * 300, 1)->run), PageOf(i));
  for (uint32_t i = 0; i < 200; i += 2) ASSERT_TRUE(world.Write(TestObject(i), uint64_t{i} * 300, PageOf(i + 1000)).ok());
  ASSERT_TRUE(world.Commit().ok());
  EXPECT_EQ(world.Ping().used_bytes(), 200 * kPageBytes);
  world.Restart();
  EXPECT_EQ(BytesOf(world.Read(TestObject(4), uint64_t{4} * 300, 1)->run), PageOf(1004));
}

TEST(ObjectServer, AStoreOfAnotherTargetOrAnOlderIdentityIsRefused) {
  OssWorld world;
  world.Shut();
  const auto start = [&](const auto& change) {
    ObjectServerOptions options = world.options;
    options.boot_count = 2;
    change(options);
    ObjectServer server({world.queue, world.queue, world.queue.clock, *world.kv, *world.device, {}}, options);
    const Code code = world.Run(server.Start()).code();
    world.Run(server.Stop());
    world.queue.RunAll();
    return code;
  };
  EXPECT_EQ(start([](auto& options) { options.fsid = std::string(16, 'x'); }), Code::kInvalid);
  EXPECT_EQ(start([](auto& options) { options.ost_index = 3; }), Code::kInvalid);
  EXPECT_EQ(start([](auto& options) { options.boot_count = 1; }), Code::kInvalid);
  EXPECT_EQ(start([](auto&) {}), Code::kOk);
}

TEST(ObjectServer, PingTellsWhoItIsAndCountsCalls) {
  OssWorld world;
  (void)world.Write(TestObject(0), 0, PageOf(1));
  (void)world.Read(TestObject(9), 0, 0);
  const v1::OssPingReply reply = world.Ping();
  EXPECT_EQ(reply.fsid(), world.options.fsid);
  EXPECT_EQ(reply.ost_index(), 2u);
  EXPECT_EQ(reply.objects(), 1u);
  EXPECT_EQ(reply.operations(3).operation(), "Write");
  EXPECT_EQ(reply.operations(3).calls(), 1u);
  EXPECT_EQ(reply.operations(4).operation(), "Read");
  EXPECT_EQ(reply.operations(4).errors(), 1u);
}

}  // namespace
}  // namespace nacre
