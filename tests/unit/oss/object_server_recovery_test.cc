// After a crash clients bring again what they were answered and what was not stable (promises P5, P6): it is taken once, in
// their order, before anything new; nobody waits for ever; and what somebody has seen never goes with a client that dies.
#include <algorithm>
#include <set>

#include "tests/unit/oss/oss_world.h"

namespace nacre {
namespace {

constexpr uint64_t kAlice = 77, kBob = 78;

// A client's write, as it keeps it.
struct Sent {
  v1::WriteHeader header;
  std::string bytes;
  Transno transno = 0;
};

class Recovery : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(world.Connect(kBob).ok()); }

  Sent Write(uint64_t session, uint32_t slot, uint64_t page, const std::string& bytes) {
    Sent sent{.header = world.WriteOf(object, page, bytes), .bytes = bytes};
    sent.header.mutable_header()->set_session(session);
    sent.header.mutable_header()->set_slot(slot);
    const auto reply = Again(sent);
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    if (reply.ok()) sent.transno = reply->header().transno();
    return sent;
  }
  Result<v1::WriteReply> Again(const Sent& sent) { return world.Run(world.server->Write(sent.header, RunOf(sent.bytes))); }
  Result<v1::WriteReply> Replay(Sent sent) {
    sent.header.mutable_header()->set_replay(true);
    sent.header.mutable_header()->set_transno(sent.transno);
    return Again(sent);
  }
  Result<std::string> Read(uint64_t session, uint64_t page, uint32_t count = 1) {
    v1::ReadRequest request = world.ReadOf(object, page, count);
    request.mutable_header()->set_session(session);
    const Result<ObjectPages> pages = world.Run(world.server->Read(request));
    if (!pages.ok()) return pages.status();
    return BytesOf(pages->run);
  }
  // Everything that is not stable is lost.
  void LosePower() { world.Crash(nothing_survives, false); }

  NothingSurvives nothing_survives;
  OssWorld world;
  const ObjectId object = TestObject(1);
};

TEST_F(Recovery, TakesAgainWhatWasAnsweredAndLostBeforeAnythingNew) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1)), second = Write(kAlice, 2, 0, PageOf(2));
  LosePower();
  const auto connected = world.Connect(kAlice);
  ASSERT_TRUE(connected.ok());
  EXPECT_TRUE(connected->recovering());
  EXPECT_EQ(world.Ping().clients_awaited(), 1u);
  EXPECT_EQ(Read(kAlice, 0).code(), Code::kUnavailable);
  EXPECT_EQ(world.Write(object, 0, PageOf(9)).code(), Code::kUnavailable);
  for (const Sent& sent : {first, second}) {
    const auto again = Replay(sent);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_EQ(BootCountOf(again->header().transno()), 2u) << "a replay is a new change of the new life";
  }
  EXPECT_TRUE(world.EndReplay(kAlice).ok());
  EXPECT_EQ(Read(kAlice, 0).value(), PageOf(2));
  EXPECT_EQ(world.Ping().replayed(), 2u);
  EXPECT_EQ(world.Ping().clients_awaited(), 0u);
}

TEST_F(Recovery, AReplayOrAResendThatComesTwiceIsDoneOnce) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  const auto once = Replay(first), twice = Replay(first);
  ASSERT_TRUE(once.ok() && twice.ok());
  EXPECT_EQ(once->header().transno(), twice->header().transno());
  ASSERT_TRUE(world.EndReplay(kAlice).ok());
  Write(kAlice, 2, 0, PageOf(2));
  EXPECT_TRUE(Again(first).ok()) << "a late copy of the first send";
  EXPECT_TRUE(Replay(first).ok()) << "a late copy of the replay";
  EXPECT_EQ(Read(kAlice, 0).value(), PageOf(2));
}

// Its client was told that it is lost.
TEST_F(Recovery, AReplayThatWasRefusedIsNotDoneByACopyThatComesLate) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  world.device->FailNextWrite(Status(Code::kNoSpace, "full"));
  EXPECT_EQ(Replay(first).code(), Code::kNoSpace);
  EXPECT_EQ(Replay(first).code(), Code::kNoSpace) << "there is room again";
  ASSERT_TRUE(world.EndReplay(kAlice).ok());
  EXPECT_EQ(Replay(first).code(), Code::kNoSpace);
  EXPECT_EQ(Read(kAlice, 0).value(), "") << "nothing is there";
  EXPECT_EQ(world.Ping().replays_refused(), 1u);
}

TEST_F(Recovery, AReplayOfWhatWasStableChangesNothing) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1)), second = Write(kAlice, 2, 0, PageOf(2));
  ASSERT_TRUE(world.Commit().ok());
  const Sent third = Write(kAlice, 1, 0, PageOf(3));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  for (const Sent& sent : {first, second}) {
    const auto again = Replay(sent);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_TRUE(again->header().stable());
  }
  EXPECT_EQ(world.Ping().replayed(), 0u);
  EXPECT_TRUE(Replay(third).ok());
  ASSERT_TRUE(world.EndReplay(kAlice).ok());
  EXPECT_EQ(Read(kAlice, 0).value(), PageOf(3));
}

TEST_F(Recovery, AReplayOfWhatWasStableIsKnownAlsoWhenNobodyIsAwaited) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  world.Restart();  // in order: all is stable
  const auto again = Replay(first);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE(again->header().stable());
}

TEST_F(Recovery, ASessionsClientAloneMayReplayInIt) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  Sent stolen = first;
  stolen.header.mutable_header()->set_client_id(std::string(16, 't'));
  EXPECT_EQ(Replay(stolen).code(), Code::kNotConnected);
  ASSERT_TRUE(world.Connect(kAlice).ok());
  EXPECT_EQ(Replay(stolen).code(), Code::kInvalid);
  EXPECT_EQ(world.Ping().clients_awaited(), 1u);
}

TEST_F(Recovery, WaitsForAllWhoWroteButNotForEver) {
  Write(kAlice, 1, 0, PageOf(1));
  const Sent bobs = Write(kBob, 1, 5, PageOf(5));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  const auto waiting = world.Begin(world.server->EndReplay(world.EndReplayOf(kAlice)));
  world.queue.Advance(world.options.recovery_window - std::chrono::seconds(1));
  world.queue.RunAll();
  EXPECT_FALSE(waiting->value.has_value());
  EXPECT_EQ(world.Ping().clients_awaited(), 1u);
  world.queue.Advance(std::chrono::seconds(1));
  world.queue.RunAll();
  ASSERT_TRUE(waiting->value.has_value());
  EXPECT_TRUE(waiting->value->ok());
  EXPECT_EQ(world.Ping().clients_missed(), 1u);
  const auto connected = world.Connect(kBob);
  ASSERT_TRUE(connected.ok());
  EXPECT_FALSE(connected->recovering());
  EXPECT_EQ(Replay(bobs).code(), Code::kStale) << "told, never silent";
  EXPECT_EQ(world.Ping().replays_refused(), 1u);
  EXPECT_EQ(Read(kAlice, 5).value(), "");
}

TEST_F(Recovery, WhoComesLateLearnsThatWhatWasStableIsThere) {
  const Sent stable = Write(kBob, 1, 5, PageOf(5));
  ASSERT_TRUE(world.Commit().ok());
  const Sent lost = Write(kBob, 2, 6, PageOf(6));
  LosePower();
  world.queue.Advance(world.options.recovery_window);
  world.queue.RunAll();
  ASSERT_TRUE(world.Connect(kBob).ok());
  EXPECT_TRUE(Replay(stable).ok());
  EXPECT_EQ(Replay(lost).code(), Code::kStale);
}

// What clients sent meanwhile is still to be read.
TEST_F(Recovery, DoesNotEndWhileTheMachineIsStopped) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  world.queue.Advance(world.options.recovery_window / 2);
  world.queue.Pause(std::chrono::hours(1));
  world.queue.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(world.Connect(kAlice).ok());
  EXPECT_TRUE(Replay(first).ok());
  ASSERT_TRUE(world.EndReplay(kAlice).ok());
  EXPECT_EQ(Read(kAlice, 0).value(), PageOf(1));
  EXPECT_EQ(world.Ping().clients_missed(), 0u);
}

TEST_F(Recovery, HoldsBackOrdersOfTheMdsUntilItIsOver) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1) + PageOf(2));
  LosePower();
  const auto cut = world.Begin(world.server->SetSize(world.SetSizeOf(object, kPageBytes, 2)));
  world.queue.RunAll();
  EXPECT_FALSE(cut->value.has_value());
  ASSERT_TRUE(world.Connect(kAlice).ok());
  ASSERT_TRUE(Replay(first).ok()) << "the order raises the file epoch: done before, it would refuse this";
  ASSERT_TRUE(world.EndReplay(kAlice).ok());
  ASSERT_TRUE(world.Finish(cut).ok());
  EXPECT_EQ(world.Glimpse(object).size(), kPageBytes);
}

TEST_F(Recovery, AServerThatStopsInItWaitsAgainInItsNextLife) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  ASSERT_TRUE(world.Connect(kBob).ok());
  const auto waiting = world.Begin(world.server->EndReplay(world.EndReplayOf(kBob)));
  world.Shut();
  ASSERT_TRUE(waiting->value.has_value());
  EXPECT_EQ(waiting->value->code(), Code::kUnavailable);
  ++world.options.boot_count;
  world.Boot(false);
  const auto connected = world.Connect(kAlice);
  ASSERT_TRUE(connected.ok());
  EXPECT_TRUE(connected->recovering());
  EXPECT_TRUE(Replay(first).ok());
}

TEST_F(Recovery, AReplayThatMeetsAStopIsNotLost) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  world.Run(world.server->BeginStop());
  EXPECT_EQ(Replay(first).code(), Code::kUnavailable) << "the next life takes it";
  EXPECT_EQ(world.Connect(kAlice).code(), Code::kUnavailable);
}

TEST_F(Recovery, NewWorkThatWasMeantForAnEarlierLifeIsRefused) {
  Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  ASSERT_TRUE(world.EndReplay(kAlice).ok());
  world.queue.Advance(world.options.recovery_window);
  v1::WriteHeader late = world.WriteOf(object, 0, PageOf(9));
  late.mutable_header()->set_server_boot_count(1);
  EXPECT_EQ(world.Run(world.server->Write(late, RunOf(PageOf(9)))).code(), Code::kNotConnected);
  v1::CommitRequest commit;
  *commit.mutable_header() = world.Header(kAlice);
  commit.mutable_header()->set_server_boot_count(1);
  EXPECT_EQ(world.Run(world.server->Commit(commit)).code(), Code::kNotConnected) << "it would tell of what is lost";
  commit.mutable_header()->set_server_boot_count(2);
  EXPECT_TRUE(world.Run(world.server->Commit(commit)).ok());
}

// What was on its way when the server died may still arrive, at the next life.
TEST_F(Recovery, AnEndOfReplaysOrAReplayThatWasMeantForAnEarlierLifeIsRefused) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  Sent second = Write(kAlice, 1, 1, PageOf(2));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  v1::OssEndReplayRequest late = world.EndReplayOf(kAlice);
  late.mutable_header()->set_server_boot_count(1);
  EXPECT_EQ(world.Run(world.server->EndReplay(late)).code(), Code::kNotConnected) << "nothing has been replayed yet";
  second.header.mutable_header()->set_server_boot_count(1);
  EXPECT_EQ(Replay(second).code(), Code::kNotConnected) << "it would come before the first";
  EXPECT_TRUE(Replay(first).ok());
  second.header.mutable_header()->set_server_boot_count(2);
  EXPECT_TRUE(Replay(second).ok());
  ASSERT_TRUE(world.EndReplay(kAlice).ok());
  EXPECT_EQ(*Read(kAlice, 0, 2), PageOf(1) + PageOf(2));
}

TEST_F(Recovery, NobodyTakesTheNumberOfAnAwaitedSession) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1));
  LosePower();
  v1::OssConnectRequest thief;
  *thief.mutable_header() = world.Header(kAlice);
  thief.mutable_header()->set_client_id(std::string(16, 't'));
  EXPECT_EQ(world.Run(world.server->Connect(thief)).code(), Code::kInvalid);
  ASSERT_TRUE(world.Connect(kAlice).ok());
  EXPECT_TRUE(Replay(first).ok());
}

TEST_F(Recovery, AnAppendIsReplayedAlsoBehindWhatAnotherClientReplayedFirst) {
  Sent append{.header = world.WriteOf(object, 0, PageOf(1)), .bytes = PageOf(1)};
  append.header.mutable_header()->set_slot(1);
  append.header.set_object_size_max(0);
  const auto appended = Again(append);
  ASSERT_TRUE(appended.ok());
  append.transno = appended->header().transno();
  const Sent bobs = Write(kBob, 1, 50, PageOf(2));
  LosePower();
  ASSERT_TRUE(world.Connect(kAlice).ok());
  ASSERT_TRUE(world.Connect(kBob).ok());
  ASSERT_TRUE(Replay(bobs).ok());
  const auto again = Replay(append);
  EXPECT_TRUE(again.ok()) << again.status().ToString();
}

TEST_F(Recovery, WhoIsInTheMiddleOfItsReplaysGetsThrough) {
  const Sent first = Write(kAlice, 1, 0, PageOf(1)), second = Write(kAlice, 2, 1, PageOf(2));
  LosePower();
  world.queue.Advance(world.options.recovery_window - std::chrono::seconds(1));
  ASSERT_TRUE(world.Connect(kAlice).ok());
  ASSERT_TRUE(Replay(first).ok());
  world.queue.Advance(std::chrono::seconds(1));
  EXPECT_EQ(world.Ping().clients_awaited(), 1u);
  EXPECT_TRUE(Replay(second).ok());
  world.queue.Advance(std::chrono::seconds(10));
  EXPECT_EQ(world.Ping().clients_awaited(), 0u) << "but it has to go on";
}

TEST_F(Recovery, NobodyIsAwaitedWhoHasNothingToReplay) {
  Write(kAlice, 1, 0, PageOf(1));
  world.Restart();
  EXPECT_EQ(world.Ping().clients_awaited(), 0u) << "a stop in order makes all stable";
  Write(kAlice, 1, 0, PageOf(2));
  ASSERT_TRUE(world.Commit().ok());
  for (int round = 0; round < 2; ++round) world.queue.Advance(world.options.housekeeping_interval);
  ASSERT_TRUE(world.kv->Sync().ok());
  LosePower();
  EXPECT_EQ(world.Ping().clients_awaited(), 0u) << "idle, and all it wrote is stable";
}

TEST(RecoveryOfTheIdle, AwaitsWhoHasNotWrittenForLongWhileItIsNotStable) {
  ObjectServerOptions options;
  options.commit.interval = std::chrono::hours(1);
  OssWorld world(options);
  ASSERT_TRUE(world.Write(TestObject(1), 0, PageOf(1)).ok());
  for (int round = 0; round < 4; ++round) world.queue.Advance(world.options.housekeeping_interval);
  ASSERT_TRUE(world.kv->Sync().ok());
  SeededRandom dice(1);
  world.Crash(dice, false);
  EXPECT_EQ(world.Ping().clients_awaited(), 1u);
}

// Nothing gets stable in the middle life of the three, and the client is not through when the window closes.
TEST(RecoveryOfAPart, WhoReplayedAPartIsAwaitedByTheNextLifeToo) {
  ObjectServerOptions options;
  options.commit.interval = std::chrono::hours(1);
  OssWorld world(options);
  v1::WriteHeader header = world.WriteOf(TestObject(1), 0, PageOf(1));
  const auto written = world.Run(world.server->Write(header, RunOf(PageOf(1))));
  ASSERT_TRUE(written.ok());
  SeededRandom dice(1);
  world.Crash(dice, false);
  ASSERT_TRUE(world.Connect(kTestSession).ok());
  header.mutable_header()->set_replay(true);
  header.mutable_header()->set_transno(written->header().transno());
  const auto again = world.Run(world.server->Write(header, RunOf(PageOf(1))));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  ASSERT_FALSE(again->header().stable());
  for (int i = 0; i < 20; ++i) world.queue.Advance(std::chrono::seconds(5));
  ASSERT_EQ(world.Ping().clients_missed(), 1u);
  ASSERT_TRUE(world.kv->Sync().ok());  // whatever was removed stays removed
  world.Crash(dice, false);
  EXPECT_EQ(world.Ping().clients_awaited(), 1u);
}

TEST_F(Recovery, AWriterWhoEndsInOrderIsNotAwaited) {
  Write(kAlice, 1, 0, PageOf(1));
  v1::OssDisconnectRequest bye;
  *bye.mutable_header() = world.Header(kAlice);
  ASSERT_TRUE(world.Run(world.server->Disconnect(bye)).ok());
  ASSERT_TRUE(world.kv->Sync().ok());
  LosePower();
  EXPECT_EQ(world.Ping().clients_awaited(), 0u);
}

TEST_F(Recovery, WhatAnotherClientSawIsStable) {
  Write(kAlice, 1, 0, PageOf(1));
  Write(kAlice, 2, 3, PageOf(3));
  EXPECT_EQ(Read(kBob, 0).value(), PageOf(1));
  LosePower();  // and Alice with it
  world.queue.Advance(world.options.recovery_window);
  ASSERT_TRUE(world.Connect(kBob).ok());
  EXPECT_EQ(Read(kBob, 0).value(), PageOf(1));
}

TEST_F(Recovery, WhatAnotherClientWroteOverIsStable) {
  Write(kAlice, 1, 0, PageOf(1));
  const Sent bobs = Write(kBob, 1, 0, PageOf(2));
  LosePower();
  world.queue.Advance(world.options.recovery_window);
  ASSERT_TRUE(world.Connect(kBob).ok());
  EXPECT_EQ(Replay(bobs).code(), Code::kStale);
  EXPECT_EQ(Read(kBob, 0).value(), PageOf(1));
}

TEST_F(Recovery, TheEndOfAnObjectThatAnotherClientSawIsStable) {
  Write(kAlice, 1, 2, PageOf(1));
  EXPECT_EQ(Read(kBob, 7).value(), "") << "behind the end";
  LosePower();
  world.queue.Advance(world.options.recovery_window);
  EXPECT_EQ(world.Glimpse(object).size(), 3 * kPageBytes);
}

TEST_F(Recovery, ClientsThatTouchDifferentPagesDoNotWaitForEachOther) {
  Write(kAlice, 1, 9, PageOf(9));
  ASSERT_TRUE(world.Commit().ok());
  const Transno stable = world.Ping().header().last_committed();
  for (uint64_t i = 0; i < 4; ++i) {
    Write(kAlice, 1, 2 * i, PageOf(i));
    Write(kBob, 1, 2 * i + 1, PageOf(i));
    EXPECT_EQ(Read(kAlice, 2 * i).value(), PageOf(i)) << "its own";
  }
  EXPECT_EQ(world.Ping().header().last_committed(), stable);
}

// Sessions write and read pages of one object, servers lose power, sessions die. Whatever a living session wrote, or saw,
// is there or has been written over.
class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed) : random_(seed) {
    for (Actor& actor : actors_) EXPECT_TRUE(world_.Connect(actor.session).ok());
  }
  void Go() {
    for (int step = 0; step < 150 && !testing::Test::HasFailure(); ++step) {
      const uint64_t what = random_.Below(100);
      Actor& actor = actors_[random_.Below(actors_.size())];
      if (what < 55) Write(actor);
      else if (what < 85) Read(actor);
      else if (what < 90) (void)world_.Commit();
      else if (what < 93) world_.queue.Advance(std::chrono::seconds(5));
      else if (what < 95) Die(actor);
      else Crash();
    }
    Crash();
    for (uint64_t page = 0; page < kPages; ++page) Check(actors_[0], page);
  }
  uint64_t replayed() const { return replayed_; }

 private:
  static constexpr uint64_t kPages = 6;
  struct Kept {
    v1::WriteHeader header;
    std::string bytes;
    Transno first = 0;
    Transno transno = 0;
  };
  struct Actor {
    uint64_t session;
    std::vector<Kept> kept;
    uint64_t slot = 0;
  };
  // What a page held, newest last.
  struct Value {
    uint64_t seed = 0;
    uint64_t author = 0;
    std::set<uint64_t> seen_by;
  };

  void Write(Actor& actor) {
    const uint64_t page = random_.Below(kPages), seed = ++last_seed_;
    Kept kept{.header = world_.WriteOf(TestObject(1), page, PageOf(seed)), .bytes = PageOf(seed)};
    kept.header.mutable_header()->set_session(actor.session);
    kept.header.mutable_header()->set_slot(static_cast<uint32_t>(1 + actor.slot++ % 3));
    const auto reply = world_.Run(world_.server->Write(kept.header, RunOf(kept.bytes)));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    history_[page].push_back({seed, actor.session, {}});
    kept.first = kept.transno = reply->header().transno();
    actor.kept.push_back(std::move(kept));
    Forget(actor, reply->header());
  }
  static void Forget(Actor& actor, const v1::ReplyHeader& header) {
    std::erase_if(actor.kept, [&](const Kept& kept) {
      return BootCountOf(kept.transno) == header.boot_count() && kept.transno <= header.last_committed();
    });
  }
  void Read(Actor& actor) {
    const uint64_t page = random_.Below(kPages);
    Check(actor, page);
    if (!history_[page].empty()) history_[page].back().seen_by.insert(actor.session);
  }
  bool Lives(uint64_t session) const {
    return std::any_of(actors_.begin(), actors_.end(), [&](const Actor& actor) { return actor.session == session; });
  }
  // What is read is the newest that may not be lost, or a newer one; and whatever is above it is lost for good.
  void Check(Actor& actor, uint64_t page) {
    v1::ReadRequest request = world_.ReadOf(TestObject(1), page, 1);
    request.mutable_header()->set_session(actor.session);
    const auto pages = world_.Run(world_.server->Read(request));
    ASSERT_TRUE(pages.ok()) << pages.status().ToString();
    const std::string found = BytesOf(pages->run);
    std::vector<Value>& values = history_[page];
    while (!values.empty() && PageOf(values.back().seed) != found) {
      const Value& lost = values.back();
      ASSERT_FALSE(Lives(lost.author)) << "page " << page << ": the write of living session " << lost.author << " is lost";
      for (uint64_t reader : lost.seen_by) ASSERT_FALSE(Lives(reader)) << "page " << page << ": session " << reader << " saw it";
      values.pop_back();
    }
    ASSERT_EQ(values.empty(), found.empty()) << "page " << page << " holds what nobody wrote";
  }
  // Another comes in its place.
  void Die(Actor& actor) {
    actor = Actor{.session = ++last_session_, .kept = {}, .slot = 0};
    ASSERT_TRUE(world_.Connect(actor.session).ok());
  }
  void Crash() {
    world_.Crash(random_, false);
    // They come in any order, and take turns.
    std::map<uint64_t, size_t> next;
    for (Actor& actor : actors_) ASSERT_TRUE(world_.Connect(actor.session).ok());
    for (bool more = true; more;) {
      more = false;
      for (Actor& actor : actors_) {
        size_t& at = next[actor.session];
        for (uint64_t some = random_.Below(4); some > 0 && at < actor.kept.size(); --some) Replay(actor.kept[at++]);
        more |= at < actor.kept.size();
      }
    }
    for (Actor& actor : actors_) std::erase_if(actor.kept, [](const Kept& kept) { return kept.transno == 0; });
    std::vector<std::shared_ptr<OssWorld::Pending<Result<v1::OssEndReplayReply>>>> ends;
    for (Actor& actor : actors_) ends.push_back(world_.Begin(world_.server->EndReplay(world_.EndReplayOf(actor.session))));
    world_.queue.RunAll();
    if (!ends.front()->value) world_.queue.Advance(world_.options.recovery_window);  // the dead are waited for
    for (auto& end : ends) ASSERT_TRUE(world_.Finish(end).ok());
  }
  void Replay(Kept& kept) {
    v1::WriteHeader header = kept.header;
    header.mutable_header()->set_replay(true);
    header.mutable_header()->set_transno(kept.transno);
    const auto reply = world_.Run(world_.server->Write(header, RunOf(kept.bytes)));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    kept.transno = reply->header().stable() ? 0 : reply->header().transno();
    ++replayed_;
  }

  SeededRandom random_;
  OssWorld world_;
  std::vector<Actor> actors_ = {{kAlice, {}, 0}, {kBob, {}, 0}, {79, {}, 0}};
  std::map<uint64_t, std::vector<Value>> history_;
  uint64_t last_seed_ = 0;
  uint64_t last_session_ = 100;
  uint64_t replayed_ = 0;
};

TEST(WriterRows, AStoreThatCannotNoteAWriterEndsTheServerUnlessItIsFull) {
  OssWorld world;
  world.kv->FailNextSync(Status(Code::kNoSpace, "full"));
  const v1::WriteHeader write = world.WriteOf(TestObject(1), 0, PageOf(1));
  EXPECT_EQ(world.Run(world.server->Write(write, RunOf(PageOf(1)))).code(), Code::kNoSpace);
  EXPECT_EQ(world.Run(world.server->Write(write, RunOf(PageOf(1)))).code(), Code::kNoSpace) << "a copy that comes late";
  EXPECT_TRUE(world.said_at_its_end.ok());
  world.kv->FailNextSync(Status(Code::kIo, "broken"));
  EXPECT_FALSE(world.Write(TestObject(1), 0, PageOf(1)).ok());
  EXPECT_EQ(world.said_at_its_end.code(), Code::kIo);
}

TEST(RecoveryHistory, NothingThatALivingClientWroteOrSawIsLost) {
  uint64_t replayed = 0;
  for (int run = 0; run < 60; ++run) {
    const uint64_t seed = SystemRandom().Next64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomHistory history(seed);
    history.Go();
    replayed += history.replayed();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(replayed, 100u) << "hardly anything was replayed: the test tests nothing";
}

}  // namespace
}  // namespace nacre
