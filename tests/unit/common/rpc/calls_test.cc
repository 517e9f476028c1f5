// Calls over real sockets, client's end to server's end, each way they travel: alone, and on a stream with others.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/rpc/remote_oss.h"
#include "tests/unit/common/rpc/pinged_oss.h"

namespace nacre {
namespace {

class Calls : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    service.emplace(oss);
    auto started = GrpcServer::Start(address, *service);
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server = *std::move(started);
  }

  // What happens meanwhile does not harm a call that is under way.
  template <typename Happens>
  void BesideOneThatWaits(Happens happens) {
    oss.hold = true;
    Result<v1::OssPingReply> reply = Status(Code::kInternal, "not answered");
    std::thread waiting([&] { reply = SyncWait(remote->Ping(PingRequest(1))); });
    while (oss.pings == 0) std::this_thread::yield();
    happens();
    oss.LetGo();
    waiting.join();
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
  }

  const std::string address = FreeAddress();
  PingedOss oss;
  std::optional<PingedService> service;  // generated ones serve once
  std::unique_ptr<GrpcServer> server;
  CompletionLoop loop;
  const std::shared_ptr<OssApi> remote = ConnectOss(address, RpcOptions{.loop = &loop, .together = GetParam()});
};
INSTANTIATE_TEST_SUITE_P(EachWay, Calls, testing::Bool(),
                         [](const auto& info) { return info.param ? "OnAStream" : "Alone"; });

TEST_P(Calls, AreAnswered) {
  const auto reply = SyncWait(remote->Ping(PingRequest(42)));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->objects(), 42u);
}

TEST_P(Calls, TellTheVerdictOfTheApi) {
  const auto reply = SyncWait(remote->Commit(v1::CommitRequest()));
  EXPECT_EQ(reply.code(), Code::kBusy);
  EXPECT_NE(reply.status().message().find("only pings"), std::string::npos);
}

TEST_P(Calls, MayBeManyAtOnceAndComeBackToWhoAsked) {
  std::vector<Task<Result<v1::OssPingReply>>> calls;
  for (uint64_t xid = 1; xid <= 500; ++xid) calls.push_back(remote->Ping(PingRequest(xid)));
  const auto replies = SyncWait(WhenAll(std::move(calls)));
  for (uint64_t xid = 1; xid <= 500; ++xid) {
    ASSERT_TRUE(replies[xid - 1].ok()) << replies[xid - 1].status().ToString();
    EXPECT_EQ(replies[xid - 1]->objects(), xid);
  }
}

TEST_P(Calls, OneThatWaitsDoesNotHoldUpAnother) {
  BesideOneThatWaits([&] {
    oss.hold = false;
    EXPECT_TRUE(SyncWait(remote->Ping(PingRequest(2))).ok());
  });
}

TEST_P(Calls, AServerThatStopsAnswersWhatItHasBegun) {
  oss.hold = true;
  Result<v1::OssPingReply> reply = Status(Code::kInternal, "not answered");
  std::thread waiting([&] { reply = SyncWait(remote->Ping(PingRequest(5))); });
  while (oss.pings == 0) std::this_thread::yield();
  std::thread stopping([&] { server->Stop(); });
  while (ConnectsTo(address)) std::this_thread::yield();  // it has begun to stop
  oss.LetGo();
  stopping.join();
  waiting.join();
  EXPECT_TRUE(reply.ok()) << reply.status().ToString();
}

TEST_P(Calls, OneThatIsNotAnsweredEndsWhenItsTimeIsOver) {
  oss.hold = true;
  v1::OssPingRequest impatient = PingRequest(1);
  impatient.mutable_header()->set_deadline_ms(50);
  const auto reply = SyncWait(remote->Ping(impatient));
  EXPECT_EQ(reply.code(), Code::kUnavailable);
  EXPECT_EQ(reply.status().message(), address + " did not answer in time");
  oss.LetGo();  // what comes now is nobody's
  EXPECT_TRUE(SyncWait(remote->Ping(PingRequest(2))).ok());
}

TEST_P(Calls, AllThatWaitHearOfAConnectionThatEnds) {
  oss.hold = true;
  std::vector<Task<Result<v1::OssPingReply>>> calls;
  for (uint64_t xid = 1; xid <= 20; ++xid) calls.push_back(remote->Ping(PingRequest(xid)));
  std::thread stopping([&] {
    while (oss.pings < 20) std::this_thread::yield();
    server->Stop();  // gives them up after a few seconds
  });
  for (const auto& reply : SyncWait(WhenAll(std::move(calls)))) {
    EXPECT_EQ(reply.code(), Code::kUnavailable);
    EXPECT_NE(reply.status().message().find(address), std::string::npos) << reply.status().ToString();
  }
  oss.LetGo();
  stopping.join();
}

TEST_P(Calls, GoOnWithAServerThatCameBack) {
  ASSERT_TRUE(SyncWait(remote->Ping(PingRequest(1))).ok());
  server->Stop();
  EXPECT_EQ(SyncWait(remote->Ping(PingRequest(2))).code(), Code::kUnavailable);
  server.reset();
  SetUp();
  if (HasFatalFailure()) return;
  Result<v1::OssPingReply> reply = Status(Code::kUnavailable, "");
  while (reply.code() == Code::kUnavailable) reply = SyncWait(remote->Ping(PingRequest(3)));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->objects(), 3u);
}

TEST_P(Calls, OfManyThreadsAtOnceComeBackToWhoAsked) {
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t xid = thread * 1000; xid < thread * 1000 + 300; ++xid) {
        const auto reply = SyncWait(remote->Ping(PingRequest(xid)));
        ASSERT_TRUE(reply.ok()) << reply.status().ToString();
        EXPECT_EQ(reply->objects(), xid);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Calls, OfSeveralClientsOfOneProcessDoNotCrowdOutOneAnother) {
  std::vector<std::shared_ptr<OssApi>> clients;
  for (uint64_t xid = 1; xid <= 20; ++xid) {
    clients.push_back(ConnectOss(address, RpcOptions{.loop = &loop, .together = GetParam()}));
    const auto reply = SyncWait(clients.back()->Ping(PingRequest(xid)));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  }
}

TEST_P(Calls, ThatAreTooLargeToSendFailAlone) {
  BesideOneThatWaits([&] {
    v1::OssPingRequest large = PingRequest(2);
    large.mutable_header()->set_client_id(std::string(5 << 20, 'x'));
    EXPECT_FALSE(SyncWait(remote->Ping(large)).ok());
  });
}

TEST_P(Calls, WhoseAnswersAreTooLargeFailAlone) {
  BesideOneThatWaits([&] {
    oss.hold = false;
    oss.answer_bytes = 5 << 20;
    EXPECT_FALSE(SyncWait(remote->Ping(PingRequest(2))).ok());
    oss.answer_bytes = 0;
  });
}

TEST_P(Calls, ToNobodyAreUnavailableAndSayWho) {
  server->Stop();
  const auto reply = SyncWait(remote->Ping(PingRequest(1)));
  EXPECT_EQ(reply.code(), Code::kUnavailable);
  EXPECT_NE(reply.status().message().find(address), std::string::npos) << reply.status().ToString();
}

TEST_P(Calls, AnAddressIsServedByOneServerOnly) {
  PingedService another(oss);
  EXPECT_EQ(GrpcServer::Start(address, another).code(), Code::kBusy);
  EXPECT_TRUE(SyncWait(remote->Ping(PingRequest(1))).ok());
}

}  // namespace
}  // namespace nacre
