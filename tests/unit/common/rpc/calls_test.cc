// Calls over real sockets, client's end to server's end, with a server that answers when the test says so.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/check.h"
#include "common/rpc/grpc_server.h"
#include "common/rpc/remote_oss.h"
#include "common/rpc/served_call.h"
#include "oss.grpc.pb.h"

namespace nacre {
namespace {

// A free port of this machine: free a moment ago.
std::string FreeAddress() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  NACRE_CHECK(fd >= 0, "a socket is to be had");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  close(fd);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

// Answers pings: at once, or when let go. Everything else is refused.
class PingedOss final : public OssApi {
 public:
  Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest request) override {
    ++pings;
    if (hold) co_await let_go;
    v1::OssPingReply reply;
    reply.set_objects(request.header().xid());
    co_return reply;
  }
  Task<Result<v1::CommitReply>> Commit(v1::CommitRequest) override { co_return Refusal(); }
  Task<Result<v1::OssConnectReply>> Connect(v1::OssConnectRequest) override { co_return Refusal(); }
  Task<Result<v1::OssEndReplayReply>> EndReplay(v1::OssEndReplayRequest) override { co_return Refusal(); }
  Task<Result<v1::OssDisconnectReply>> Disconnect(v1::OssDisconnectRequest) override { co_return Refusal(); }
  Task<Result<v1::WriteReply>> Write(v1::WriteHeader, CipherRunPtr) override { co_return Refusal(); }
  Task<Result<ObjectPages>> Read(v1::ReadRequest) override { co_return Refusal(); }
  Task<Result<v1::SetSizeReply>> SetSize(v1::SetSizeRequest) override { co_return Refusal(); }
  Task<Result<v1::PunchReply>> Punch(v1::PunchRequest) override { co_return Refusal(); }
  Task<Result<v1::GlimpseReply>> Glimpse(v1::GlimpseRequest) override { co_return Refusal(); }
  Task<Result<v1::DestroyReply>> Destroy(v1::DestroyRequest) override { co_return Refusal(); }
  Task<Result<v1::ListObjectsReply>> ListObjects(v1::ListObjectsRequest) override { co_return Refusal(); }

  std::atomic<int> pings{0};
  std::atomic<bool> hold{false};
  OneShot<bool> let_go;

 private:
  static Status Refusal() { return Status(Code::kBusy, "only pings are answered"); }
};

class PingedService final : public RpcService {
 public:
  explicit PingedService(OssApi& api) : api_(api) {}
  grpc::Service& generated() override { return generated_; }
  void TakeCalls(grpc::ServerCompletionQueue& queue, TaskGroup& running) override {
    MethodTable<v1::Oss::AsyncService, OssApi> table(generated_, api_, /*boot_count=*/7, queue, running);
    table.Serve(&v1::Oss::AsyncService::RequestPing, &OssApi::Ping);
    table.Serve(&v1::Oss::AsyncService::RequestCommit, &OssApi::Commit);
  }

 private:
  OssApi& api_;
  v1::Oss::AsyncService generated_;
};

class Calls : public testing::Test {
 protected:
  void SetUp() override {
    auto started = GrpcServer::Start(address, service);
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server = *std::move(started);
  }
  v1::OssPingRequest Request(uint64_t xid) {
    v1::OssPingRequest request;
    request.mutable_header()->set_xid(xid);
    request.mutable_header()->set_deadline_ms(60'000);
    return request;
  }

  const std::string address = FreeAddress();
  PingedOss oss;
  PingedService service{oss};
  std::unique_ptr<GrpcServer> server;
  CompletionLoop loop;
  const std::shared_ptr<OssApi> remote = ConnectOss(address, RpcOptions{.loop = &loop});
};

TEST_F(Calls, AreAnswered) {
  const auto reply = SyncWait(remote->Ping(Request(42)));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ(reply->objects(), 42u);
}

TEST_F(Calls, TellTheVerdictOfTheApi) {
  const auto reply = SyncWait(remote->Commit(v1::CommitRequest()));
  EXPECT_EQ(reply.code(), Code::kBusy);
  EXPECT_NE(reply.status().message().find("only pings"), std::string::npos);
}

TEST_F(Calls, MayBeManyAtOnceAndComeBackToWhoAsked) {
  std::vector<Task<Result<v1::OssPingReply>>> calls;
  for (uint64_t xid = 1; xid <= 500; ++xid) calls.push_back(remote->Ping(Request(xid)));
  const auto replies = SyncWait(WhenAll(std::move(calls)));
  for (uint64_t xid = 1; xid <= 500; ++xid) {
    ASSERT_TRUE(replies[xid - 1].ok()) << replies[xid - 1].status().ToString();
    EXPECT_EQ(replies[xid - 1]->objects(), xid);
  }
}

TEST_F(Calls, OneThatWaitsDoesNotHoldUpAnother) {
  oss.hold = true;
  std::thread waiting([&] { EXPECT_TRUE(SyncWait(remote->Ping(Request(1))).ok()); });
  while (oss.pings == 0) std::this_thread::yield();
  oss.hold = false;
  EXPECT_TRUE(SyncWait(remote->Ping(Request(2))).ok());
  oss.let_go.Set(true);
  waiting.join();
}

TEST_F(Calls, AServerThatStopsAnswersWhatItHasBegun) {
  oss.hold = true;
  Result<v1::OssPingReply> reply = Status(Code::kInternal, "not answered");
  std::thread waiting([&] { reply = SyncWait(remote->Ping(Request(5))); });
  while (oss.pings == 0) std::this_thread::yield();
  std::thread stopping([&] { server->Stop(); });
  oss.let_go.Set(true);
  stopping.join();
  waiting.join();
  EXPECT_TRUE(reply.ok()) << reply.status().ToString();
}

TEST_F(Calls, ToNobodyAreUnavailableAndSayWho) {
  server->Stop();
  const auto reply = SyncWait(remote->Ping(Request(1)));
  EXPECT_EQ(reply.code(), Code::kUnavailable);
  EXPECT_NE(reply.status().message().find(address), std::string::npos) << reply.status().ToString();
}

TEST_F(Calls, AnAddressIsServedByOneServerOnly) {
  PingedService another(oss);
  EXPECT_EQ(GrpcServer::Start(address, another).code(), Code::kBusy);
  EXPECT_TRUE(SyncWait(remote->Ping(Request(1))).ok());
}

}  // namespace
}  // namespace nacre
