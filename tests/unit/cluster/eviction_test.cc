// A client that MDT0000 does not hear any more is evicted. While it still reaches the OSTs it is turned away there, and told;
// what it had written stays, and it can begin anew (DESIGN §5, "Eviction").
#include "tests/unit/cluster/test_client.h"

namespace nacre {
namespace {

class EvictionTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
    ASSERT_EQ(lost.Unlock("/d", 1), Code::kOk);
  }
  // The MDS hears nothing of it; the OSTs do.
  void Evict() {
    lost.log.Cut("mds.");
    cluster.loop.Pass(std::chrono::seconds(70));
    cluster.AnnounceAll();
  }

  Cluster cluster{7};
  TestClient client{cluster, 8}, lost{cluster, 9, std::chrono::seconds(5)};
};

TEST_F(EvictionTest, MayNotWriteOnAndIsTold) {
  const Opened ours = client.Create("/d/f");
  const Opened its = lost.Open("/d/f");
  ASSERT_TRUE(client.Write(ours, 0, Bytes(4096, 'a')).ok());
  ASSERT_TRUE(lost.Write(its, 4096, Bytes(4096, 'b')).ok());
  Evict();
  EXPECT_EQ(lost.Write(its, 0, Bytes(4096, 'c')).code(), Code::kFenced) << "the first that it hears of it";
  EXPECT_TRUE(client.Get("/d/f") == std::string(4096, 'a') + std::string(4096, 'b'));
  lost.log.Mend();
  EXPECT_EQ(lost.Write(its, 0, Bytes(4096, 'c')).code(), Code::kFenced);
  cluster.loop.Pass(std::chrono::seconds(6));  // a heartbeat
  EXPECT_EQ(lost.Run(its->Sync()).code(), Code::kFenced);
  EXPECT_EQ(lost.Close(its).code(), Code::kFenced);
  EXPECT_TRUE(client.Get("/d/f") == std::string(4096, 'a') + std::string(4096, 'b'));
  EXPECT_TRUE(client.Close(ours).ok());

  lost.Put("/d/g", "as a new one");
  EXPECT_EQ(client.Get("/d/g"), "as a new one");
}

TEST_F(EvictionTest, WhatItWroteIsStableBeforeItIsTurnedAway) {
  const Opened its = lost.Create("/d/f");
  ASSERT_TRUE(lost.Write(its, 0, Bytes(4096, 'a')).ok());
  Evict();
  for (uint32_t ost = 0; ost < cluster.ost_count(); ++ost) cluster.CrashOst(ost);
  EXPECT_TRUE(client.Get("/d/f") == std::string(4096, 'a'));
  lost.log.Mend();
  EXPECT_EQ(lost.Close(its).code(), Code::kFenced);
  EXPECT_TRUE(client.Get("/d/f") == std::string(4096, 'a'));
}

// It has been under way since before: not even in the session that its client begins then.
TEST_F(EvictionTest, AWriteOfBeforeIsNotDoneInANewSession) {
  TestClient patient(cluster, 10, std::chrono::minutes(5));
  ASSERT_EQ(patient.Unlock("/d", 1), Code::kOk);
  const Opened ours = client.Create("/d/f");
  ASSERT_TRUE(client.Write(ours, 0, Bytes(4096, 'a')).ok());
  const Opened its = patient.Open("/d/f");
  ASSERT_TRUE(patient.Write(its, 4096, Bytes(4096, 'b')).ok());
  patient.log.Cut();
  const Bytes late(4096, 'c');
  Status written, truncated;
  int under_way = 2;
  const auto begin = [&](Task<Status> task, Status* verdict) {
    Detach([](Task<Status> work, Status* out, int* left) -> Task<void> {
      *out = co_await std::move(work);
      --*left;
    }(std::move(task), verdict, &under_way));
  };
  begin(its->Write(0, late), &written);
  begin(its->Truncate(100), &truncated);
  cluster.loop.Pass(std::chrono::seconds(70));
  cluster.AnnounceAll();
  ASSERT_TRUE(client.Write(ours, 0, Bytes(4096, 'd')).ok());
  ASSERT_TRUE(client.Run(ours->Sync()).ok());
  patient.log.Cut("oss.");  // it hears of its new session first
  cluster.loop.Pass(std::chrono::seconds(10));
  patient.log.Mend();
  EXPECT_TRUE(cluster.loop.RunUntil([&] { return under_way == 0; }, std::chrono::minutes(10)));
  EXPECT_EQ(written.code(), Code::kFenced);
  EXPECT_EQ(truncated.code(), Code::kFenced);
  EXPECT_TRUE(client.Get("/d/f") == std::string(4096, 'd') + std::string(4096, 'b'));
  EXPECT_TRUE(client.Close(ours).ok());
}

// One thread finds an OST closed to the old session while another has begun in the new one.
TEST_F(EvictionTest, WhatIsBegunAnewIsNotToldOfTheOldSession) {
  const Opened its = lost.Create("/d/f");
  ASSERT_TRUE(lost.Write(its, 0, Bytes(4096, 'a')).ok());
  Evict();
  lost.log.weather = [](const std::string& name) {
    CallLog::Journey journey;
    if (name == "oss.Connect") journey.back = std::chrono::seconds(4);
    return journey;
  };
  Status old;
  bool over = false;
  const Bytes late(4096, 'c');
  Detach([](Opened file, const Bytes* data, Status* out, bool* done) -> Task<void> {
    *out = co_await file->Write(0, *data);
    *done = true;
  }(its, &late, &old, &over));
  cluster.loop.Pass(std::chrono::milliseconds(10));
  lost.log.Mend();
  lost.Put("/d/g", "as a new one");
  EXPECT_TRUE(cluster.loop.RunUntil([&] { return over; }, std::chrono::minutes(1)));
  EXPECT_EQ(old.code(), Code::kFenced);
  EXPECT_EQ(client.Get("/d/g"), "as a new one");
}

// It holds what an OST has lost, and may not bring it: others have seen the file without it.
TEST_F(EvictionTest, MayNotReplayWhatTheOstLost) {
  client.Put("/d/f", "before");
  const Opened its = lost.Open("/d/f");
  ASSERT_TRUE(lost.Write(its, 0, "after ").ok());
  lost.log.Cut();
  for (uint32_t ost = 0; ost < cluster.ost_count(); ++ost) cluster.ost(ost).PowerOff();
  cluster.loop.Pass(std::chrono::seconds(70));
  for (uint32_t ost = 0; ost < cluster.ost_count(); ++ost) cluster.StartOst(ost);
  const std::string seen = client.Get("/d/f");
  lost.log.Mend();
  cluster.loop.Pass(std::chrono::seconds(20));  // its heartbeats and questions find out
  EXPECT_EQ(lost.Close(its).code(), Code::kIo);
  EXPECT_EQ(client.Get("/d/f"), seen);
}

}  // namespace
}  // namespace nacre
