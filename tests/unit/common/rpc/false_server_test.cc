// Streams at the client's end, when the server is none of ours.
#include <grpc/support/time.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "common/rpc/remote_oss.h"
#include "tests/unit/common/rpc/pinged_oss.h"

namespace nacre {
namespace {

// Takes one stream, answers with the given bytes, and keeps it open until its client has gone.
class FalseServer {
 public:
  FalseServer(const std::string& address, const std::string& answer) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterAsyncGenericService(&service_);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    context_.AsyncNotifyWhenDone(&context_);
    service_.RequestCall(&context_, &stream_, queue_.get(), queue_.get(), &service_);
    thread_ = std::thread([this, answer] { Serve(answer); });
  }
  ~FalseServer() {
    server_->Shutdown(gpr_now(GPR_CLOCK_MONOTONIC));
    queue_->Shutdown();
    thread_.join();
  }

 private:
  void Serve(const std::string& answer) {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
      if (tag != &service_ || !ok) continue;
      const grpc::Slice slice(answer);
      stream_.Write(grpc::ByteBuffer(&slice, 1), &stream_);
    }
  }

  grpc::AsyncGenericService service_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
};

TEST(FalseServer, BytesThatAreNoAnswersEndTheStreamAndAllItsCalls) {
  const std::string address = FreeAddress();
  FalseServer server(address, "\xff\xff\xff");
  CompletionLoop loop;
  const auto remote = ConnectOss(address, RpcOptions{.loop = &loop, .together = true});
  const auto reply = SyncWait(remote->Ping(PingRequest(1)));
  EXPECT_EQ(reply.code(), Code::kUnavailable);
  EXPECT_EQ(reply.status().message().find("in time"), std::string::npos) << reply.status().ToString();
  // And the process can end: nothing of that stream is left on the loop.
}

TEST(FalseServer, AnswersToNobodyAreNoAnswer) {
  const std::string address = FreeAddress();
  v1::CallFrames answers;
  answers.add_frames()->set_call(4711);
  FalseServer server(address, answers.SerializeAsString());
  CompletionLoop loop;
  const auto remote = ConnectOss(address, RpcOptions{.loop = &loop, .together = true});
  v1::OssPingRequest impatient = PingRequest(1);
  impatient.mutable_header()->set_deadline_ms(300);
  const auto reply = SyncWait(remote->Ping(impatient));
  EXPECT_EQ(reply.status().message(), address + " did not answer in time");
}

TEST(FalseServer, OneThatConnectsAndSaysNothingIsNotWaitedFor) {
  const std::string address = FreeAddress();
  const int listening = socket(AF_INET, SOCK_STREAM, 0);  // connections are made, nobody speaks
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  own.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  ASSERT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
  ASSERT_EQ(listen(listening, 5), 0);
  {
    CompletionLoop loop;
    const auto remote = ConnectOss(address, RpcOptions{.loop = &loop, .together = true});
    const auto reply = SyncWait(remote->Ping(PingRequest(1)));
    EXPECT_EQ(reply.code(), Code::kUnavailable);
    EXPECT_NE(reply.status().message().find(address), std::string::npos) << reply.status().ToString();
  }
  close(listening);
}

}  // namespace
}  // namespace nacre
