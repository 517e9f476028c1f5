// Calls at the server's end, on streams and alone, by a client that does what ours never do.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/rpc/remote_oss.h"
#include "tests/unit/common/rpc/pinged_oss.h"

namespace nacre {
namespace {

constexpr int kCallsAtOnceMax = 256;  // of a stream; single ones of a connection

class Streams : public testing::Test {
 protected:
  void SetUp() override {
    auto started = GrpcServer::Start(address, service);
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server = *std::move(started);
    stub = v1::Oss::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    stream = stub->Calls(&context);
  }
  void TearDown() override {
    context.TryCancel();
    oss.LetGo();
    stream.reset();
  }

  static void AddPing(v1::CallFrames* batch, uint64_t call) {
    v1::CallFrame* frame = batch->add_frames();
    frame->set_call(call);
    frame->set_request("OssPingRequest");
    frame->set_message(PingRequest(call).SerializeAsString());
  }
  static v1::CallFrames One(const std::string& request, const std::string& message) {
    v1::CallFrames batch;
    v1::CallFrame* frame = batch.add_frames();
    frame->set_call(1);
    frame->set_request(request);
    frame->set_message(message);
    return batch;
  }
  v1::CallFrame AnswerTo(const v1::CallFrames& batch) {
    v1::CallFrames answers;
    EXPECT_TRUE(stream->Write(batch));
    EXPECT_TRUE(stream->Read(&answers));
    EXPECT_EQ(answers.frames_size(), 1);
    return answers.frames_size() == 1 ? answers.frames(0) : v1::CallFrame();
  }

  const std::string address = FreeAddress();
  PingedOss oss;
  PingedService service{oss};
  std::unique_ptr<GrpcServer> server;
  std::unique_ptr<v1::Oss::Stub> stub;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::CallFrames, v1::CallFrames>> stream;
};

TEST_F(Streams, ARequestThatIsNotKnownIsRefusedAndTheStreamGoesOn) {
  EXPECT_EQ(AnswerTo(One("NoSuchRequest", "")).error(), "request is not known");
  EXPECT_EQ(AnswerTo(One("WriteRequest", "")).error(), "request is not known");  // pages do not go this way
  EXPECT_EQ(AnswerTo(One("OssPingRequest", PingRequest(1).SerializeAsString())).error(), "");
}

TEST_F(Streams, BytesThatAreNoRequestAreRefusedAndTheStreamGoesOn) {
  EXPECT_EQ(AnswerTo(One("OssPingRequest", "\xff\xff")).error(), "request cannot be parsed");
  EXPECT_EQ(AnswerTo(One("OssPingRequest", PingRequest(1).SerializeAsString())).error(), "");
}

TEST_F(Streams, ABatchLargerThanAnyClientSendsEndsIt) {
  v1::CallFrames batch;
  for (uint64_t call = 1; call <= 1000; ++call) AddPing(&batch, call);
  ASSERT_TRUE(stream->Write(batch));
  v1::CallFrames answers;
  EXPECT_FALSE(stream->Read(&answers));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(oss.pings, 0);
}

TEST_F(Streams, ManyCallsThatWaitAreNotHeardUntilSomeAreAnswered) {
  oss.hold = true;
  constexpr int kBatch = 8;
  constexpr uint64_t kCalls = uint64_t{4} * kCallsAtOnceMax;
  std::thread sending([&] {
    for (uint64_t first = 0; first < kCalls; first += kBatch) {
      v1::CallFrames batch;
      for (uint64_t call = first; call < first + kBatch; ++call) AddPing(&batch, call);
      ASSERT_TRUE(stream->Write(batch));
    }
  });
  while (oss.pings < kCallsAtOnceMax) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LT(oss.pings, kCallsAtOnceMax + kBatch);
  oss.LetGo();
  std::set<uint64_t> answered;
  v1::CallFrames answers;
  while (answered.size() < kCalls && stream->Read(&answers)) {
    for (const v1::CallFrame& frame : answers.frames()) answered.insert(frame.call());
  }
  EXPECT_EQ(answered.size(), kCalls);
  sending.join();
}

TEST_F(Streams, AClientThatDoesNotReadItsAnswersIsNotHeard) {
  oss.answer_bytes = 1'000'000;
  std::thread sending([&] {
    for (uint64_t call = 0; call < 5000; ++call) {
      v1::CallFrames batch;
      AddPing(&batch, call);
      if (!stream->Write(batch)) return;
    }
  });
  int heard = -1;
  while (std::exchange(heard, oss.pings) != oss.pings || heard < 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  EXPECT_LT(heard, 200);  // fewer than may be under way
  context.TryCancel();
  sending.join();
}

TEST_F(Streams, AConnectionHasFewOfThem) {
  constexpr int kEnough = 4;
  ASSERT_EQ(AnswerTo(One("OssPingRequest", PingRequest(1).SerializeAsString())).error(), "");
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<decltype(stream)> more;
  int served = 0;
  for (int i = 0; i < 3 * kEnough; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    more.push_back(stub->Calls(contexts.back().get()));
    v1::CallFrames answers;
    more.back()->Write(One("OssPingRequest", PingRequest(1).SerializeAsString()));
    served += more.back()->Read(&answers) ? 1 : 0;
  }
  EXPECT_EQ(served, kEnough - 1);  // and the one of the fixture
  for (const auto& one : contexts) one->TryCancel();
  more.clear();
}

TEST_F(Streams, ManySingleCallsOfAConnectionWaitToo) {
  CompletionLoop loop;
  const auto remote = ConnectOss(address, RpcOptions{.loop = &loop});
  oss.hold = true;
  constexpr uint64_t kCalls = uint64_t{4} * kCallsAtOnceMax;
  std::vector<Task<Result<v1::OssPingReply>>> calls;
  for (uint64_t xid = 0; xid < kCalls; ++xid) calls.push_back(remote->Ping(PingRequest(xid)));
  std::thread releasing([&] {
    while (oss.pings < kCallsAtOnceMax) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(oss.pings, kCallsAtOnceMax);
    oss.LetGo();
  });
  for (const auto& reply : SyncWait(WhenAll(std::move(calls)))) EXPECT_TRUE(reply.ok()) << reply.status().ToString();
  releasing.join();
}

TEST_F(Streams, OneThatWaitsForNothingDoesNotKeepAServerFromStopping) {
  ASSERT_EQ(AnswerTo(One("OssPingRequest", PingRequest(1).SerializeAsString())).error(), "");
  server->Stop();
  v1::CallFrames answers;
  EXPECT_FALSE(stream->Read(&answers));
  EXPECT_EQ(stream->Finish().error_message(), "the server ends this stream");  // it was not cut off
}

TEST_F(Streams, AClientThatGoesLeavesNothingBehind) {
  oss.hold = true;
  v1::CallFrames batch;
  for (uint64_t call = 0; call < 8; ++call) AddPing(&batch, call);
  ASSERT_TRUE(stream->Write(batch));
  while (oss.pings < 8) std::this_thread::yield();
  context.TryCancel();
  oss.LetGo();
  server->Stop();  // waits until the stream has gone
}

}  // namespace
}  // namespace nacre
