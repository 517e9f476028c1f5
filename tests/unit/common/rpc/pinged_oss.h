// A server of the real gRPC below a core that answers pings when the test says so.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/api/oss_api.h"
#include "common/base/check.h"
#include "common/rpc/grpc_server.h"
#include "common/rpc/served_call.h"
#include "oss.grpc.pb.h"

namespace nacre {

// A free port of this machine: free a moment ago.
inline std::string FreeAddress() {
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

// Does anybody listen there?
inline bool ConnectsTo(const std::string& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  NACRE_CHECK(fd >= 0, "a socket is to be had");
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  peer.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0;
  close(fd);
  return connected;
}

inline v1::OssPingRequest PingRequest(uint64_t xid) {
  v1::OssPingRequest request;
  request.mutable_header()->set_xid(xid);
  request.mutable_header()->set_deadline_ms(60'000);
  return request;
}

// Answers pings with their xid: at once, or when let go. Everything else is refused.
class PingedOss final : public OssApi {
 public:
  Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest request) override {
    const OneShot<bool> let_go;
    {
      std::lock_guard lock(mutex_);
      if (hold) {
        held_.push_back(let_go);
      } else {
        let_go.Set(true);
      }
    }
    ++pings;
    co_await let_go;
    v1::OssPingReply reply;
    reply.set_objects(request.header().xid());
    reply.set_fsid(std::string(answer_bytes, 'a'));
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

  // All that are held, and nothing is held any more.
  void LetGo() {
    std::vector<OneShot<bool>> held;
    {
      std::lock_guard lock(mutex_);
      hold = false;
      held.swap(held_);
    }
    for (const OneShot<bool>& one : held) one.Set(true);
  }

  std::atomic<int> pings{0};
  std::atomic<bool> hold{false};
  std::atomic<size_t> answer_bytes{0};

 private:
  static Status Refusal() { return Status(Code::kBusy, "only pings are answered"); }

  std::mutex mutex_;  // guards held_
  std::vector<OneShot<bool>> held_;
};

class PingedService final : public RpcService {
 public:
  explicit PingedService(OssApi& api) : api_(api) {}
  grpc::Service& generated() override { return generated_; }
  void TakeCalls(grpc::ServerCompletionQueue& queue, CallsUnderWay& under_way) override {
    MethodTable<v1::Oss::AsyncService, OssApi> table(generated_, api_, /*boot_count=*/7, queue, under_way);
    table.Serve(&v1::Oss::AsyncService::RequestPing, &OssApi::Ping);
    table.Serve(&v1::Oss::AsyncService::RequestCommit, &OssApi::Commit);
    table.ServeStreams(&v1::Oss::AsyncService::RequestCalls);
  }

 private:
  OssApi& api_;
  v1::Oss::AsyncService generated_;
};

}  // namespace nacre
