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
  // All but `session` are not heard.
  void LetOthersGetOld() {
    for (int i = 0; i < 3; ++i) {
      Tick(MdsOptions().session_silent_max / 2);
      EXPECT_TRUE(Stat(ToWire(kRootFid)).ok());
    }
    Tick(std::chrono::seconds(1));
  }
  using Sessions = std::vector<uint64_t>;
};

TEST_F(Eviction, ASilentClientIsEvictedUntilEveryOstHasFencedIt) {
  const uint64_t gone = NewSession();
  EXPECT_EQ(EvictedFor(0), Sessions{});
  LetOthersGetOld();
  EXPECT_EQ(Ping().sessions_evicted(), 1u);
  EXPECT_NE(Connect(gone)->session(), gone);
  for (uint32_t ost = 0; ost < kOsts; ++ost) EXPECT_EQ(EvictedFor(ost), Sessions{gone});
  EXPECT_EQ(EvictedFor(0, {gone}), Sessions{});
  EXPECT_EQ(EvictedFor(1, {gone}), Sessions{});
  EXPECT_EQ(EvictedFor(2), Sessions{gone});
  EXPECT_EQ(Ping().evictions_unconfirmed(), 1u);
  EXPECT_EQ(EvictedFor(2, {gone}), Sessions{});
  EXPECT_EQ(Ping().evictions_unconfirmed(), 0u);
  EXPECT_FALSE(kv->Get(kSessionFamily, NumberKey(gone))->has_value());
}

TEST_F(Eviction, AnOstThatWasDownHearsItAlsoFromALaterLifeOfTheMds) {
  const uint64_t gone = NewSession();
  LetOthersGetOld();
  EXPECT_EQ(EvictedFor(0), Sessions{gone});
  EXPECT_EQ(EvictedFor(0, {gone}), Sessions{});
  CrashServerAwaited();
  EXPECT_EQ(Ping().clients_awaited(), 1u) << "the evicted is not waited for";
  EXPECT_EQ(EvictedFor(2), Sessions{gone});
  for (uint32_t ost = 0; ost < kOsts; ++ost) EXPECT_EQ(EvictedFor(ost, {gone}), Sessions{});
  EXPECT_EQ(Ping().evictions_unconfirmed(), 0u);
  CrashServerAwaited();
  EXPECT_EQ(EvictedFor(1), Sessions{gone}) << "the row's end was not stable: it is told once more";
}

// The server's machine stood still; what its clients said meanwhile has not been read yet.
TEST_F(Eviction, NobodyIsEvictedForAPauseOfTheServer) {
  Tick(MdsOptions().session_silent_max + std::chrono::seconds(100));
  EXPECT_TRUE(Stat(ToWire(kRootFid)).ok());
  Tick(std::chrono::seconds(1));
  EXPECT_TRUE(Stat(ToWire(kRootFid)).ok());
  EXPECT_EQ(Ping().sessions_evicted(), 0u);
}

TEST_F(Eviction, AnOstThatNeverComesBackIsNotWaitedForWhenTheNumberTells) {
  const uint64_t gone = NewSession();
  LetOthersGetOld();
  EXPECT_EQ(EvictedFor(0, {gone}), Sessions{});
  EXPECT_EQ(EvictedFor(1, {gone}), Sessions{});
  EXPECT_EQ(Ping().evictions_unconfirmed(), 1u) << "an older session is open";
  const uint64_t younger = NewSession();
  ASSERT_TRUE(Disconnect(session).ok());
  EXPECT_EQ(Hear(0).oldest_session(), younger);
  EXPECT_EQ(Ping().evictions_unconfirmed(), 0u);
  EXPECT_EQ(EvictedFor(2), Sessions{}) << "it hears the oldest open session's number";
}

TEST_F(Eviction, WhoMissesTheRecoveryWindowIsEvicted) {
  const uint64_t gone = NewSession();
  Commit();
  CrashServerAwaited();
  ComeBack();
  const auto waiting = EndReplay(session);
  Pass(MdsOptions().recovery_window);
  EXPECT_TRUE(waiting->has_value());
  EXPECT_EQ(EvictedFor(0), Sessions{gone});
  EXPECT_NE(Connect(gone)->session(), gone);
}

TEST_F(Eviction, NobodyIsToldBeforeItIsStable) {
  (void)NewSession();
  Commit();
  io.hold = true;
  LetOthersGetOld();
  const auto told = Begin(server->AnnounceTarget(AnnouncementOf(0, {})));
  EXPECT_FALSE(told->has_value());
  CrashServerAwaited();
  EXPECT_EQ(EvictedFor(0), Sessions{});
  EXPECT_EQ(Ping().clients_awaited(), 2u);
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
  Pass(MdsOptions().recovery_window);
  EXPECT_GT(Hear(0).oldest_session(), third);
}

}  // namespace
}  // namespace nacre
