// Sessions that the MDS ends without their clients: every OST hears of it, also one that is down, also when the MDS restarts
// meanwhile, and none before the end is stable (DESIGN §5, "Eviction").
#include <algorithm>

#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

class Eviction : public MdsRig {
 protected:
  // What OST `index` hears when it announces itself, and says that it has fenced these.
  v1::AnnounceTargetReply Hear(uint32_t index, const std::vector<uint64_t>& fenced = {}) {
    const auto reply = SyncWait(server->AnnounceTarget(AnnouncementOf(index, fenced)));
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return reply.ok() ? *reply : v1::AnnounceTargetReply();
  }
  std::vector<uint64_t> EvictedFor(uint32_t index, const std::vector<uint64_t>& fenced = {}) {
    const v1::AnnounceTargetReply reply = Hear(index, fenced);
    return {reply.evicted_sessions().begin(), reply.evicted_sessions().end()};
  }
  Status Disconnect(uint64_t of) {
    v1::DisconnectRequest bye;
    *bye.mutable_header() = Header(of);
    return SyncWait(server->Disconnect(bye)).status();
  }
  void LetItGetOld() { Tick(MdsOptions().session_silent_max + std::chrono::seconds(1)); }
  using Sessions = std::vector<uint64_t>;
};

TEST_F(Eviction, ASilentClientIsEvictedUntilEveryOstHasFencedIt) {
  EXPECT_EQ(EvictedFor(0), Sessions{});
  LetItGetOld();
  EXPECT_EQ(Stat(ToWire(kRootFid)).code(), Code::kNotConnected);
  EXPECT_EQ(Ping().sessions_evicted(), 1u);
  for (uint32_t ost = 0; ost < kOsts; ++ost) EXPECT_EQ(EvictedFor(ost), Sessions{session});
  EXPECT_EQ(EvictedFor(0, {session}), Sessions{});
  EXPECT_EQ(EvictedFor(1, {session}), Sessions{});
  EXPECT_EQ(EvictedFor(2), Sessions{session});
  EXPECT_EQ(Ping().evictions_unconfirmed(), 1u);
  EXPECT_EQ(EvictedFor(2, {session}), Sessions{});
  EXPECT_EQ(Ping().evictions_unconfirmed(), 0u);
  EXPECT_FALSE(kv->Get(kSessionFamily, NumberKey(session))->has_value());
}

TEST_F(Eviction, AnOstThatWasDownHearsItAlsoFromALaterLifeOfTheMds) {
  LetItGetOld();
  EXPECT_EQ(EvictedFor(0), Sessions{session});
  EXPECT_EQ(EvictedFor(0, {session}), Sessions{});
  CrashServerAwaited();
  EXPECT_EQ(Ping().clients_awaited(), 0u) << "the evicted is not waited for";
  EXPECT_EQ(EvictedFor(2), Sessions{session});
  for (uint32_t ost = 0; ost < kOsts; ++ost) EXPECT_EQ(EvictedFor(ost, {session}), Sessions{});
  EXPECT_EQ(Ping().evictions_unconfirmed(), 0u);
  CrashServerAwaited();
  EXPECT_EQ(EvictedFor(1), Sessions{session}) << "the row's end was not stable: it is told once more";
  for (uint32_t ost = 0; ost < kOsts; ++ost) EXPECT_EQ(EvictedFor(ost, {session}), Sessions{});
  session = NewSession();
  Commit();
  CrashServerAwaited();
  EXPECT_EQ(Ping().evictions_unconfirmed(), 0u);
}

TEST_F(Eviction, WhoMissesTheRecoveryWindowIsEvicted) {
  const uint64_t other = NewSession();
  Commit();
  CrashServerAwaited();
  ASSERT_TRUE(Connect(other).ok());
  Tick(MdsOptions().recovery_window);
  EXPECT_EQ(EvictedFor(0), (Sessions{session, other})) << "neither said that it was through";
  EXPECT_NE(Connect(session)->session(), session);
}

TEST_F(Eviction, NobodyIsToldBeforeItIsStable) {
  Commit();
  io.hold = true;
  LetItGetOld();
  const auto told = Begin(server->AnnounceTarget(AnnouncementOf(0, {})));
  EXPECT_FALSE(told->has_value());
  CrashServerAwaited();
  EXPECT_EQ(EvictedFor(0), Sessions{});
  ComeBack();
}

TEST_F(Eviction, TheOldestOpenSessionIsTold) {
  const uint64_t second = NewSession(), third = NewSession();
  EXPECT_EQ(Hear(0).oldest_session(), session);
  ASSERT_TRUE(Disconnect(session).ok());
  EXPECT_EQ(Hear(0).oldest_session(), second);
  ASSERT_TRUE(Disconnect(third).ok());
  EXPECT_EQ(Hear(0).oldest_session(), second);
  EXPECT_EQ(EvictedFor(0), Sessions{}) << "who ended in order is not evicted";
  CrashServerAwaited();
  EXPECT_EQ(Hear(0).oldest_session(), second) << "it is awaited";
  Tick(MdsOptions().recovery_window);
  EXPECT_GT(Hear(0).oldest_session(), third);
}

}  // namespace
}  // namespace nacre
