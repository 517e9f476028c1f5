#include "tests/integration/hostile_streams.h"

#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <set>

#include "mds.grpc.pb.h"
#include "oss.grpc.pb.h"
#include "tests/integration/random_message.h"

namespace nacre::hostile {
namespace {

constexpr int kFramesTakenMax = 64;
constexpr int kRoundSecondsMax = 60;

using Stream = grpc::ClientReaderWriter<v1::CallFrames, v1::CallFrames>;

std::string Noise(std::mt19937_64& rng) {
  std::string noise(rng() % 300, '\0');
  for (char& c : noise) c = static_cast<char>(rng());
  return noise;
}

v1::CallFrames RandomBatch(const std::vector<const google::protobuf::Descriptor*>& requests, Session& session,
                           std::mt19937_64& rng) {
  v1::CallFrames batch;
  const int frames = rng() % 10 == 0 ? kFramesTakenMax + 1 + static_cast<int>(rng() % 500) : 1 + static_cast<int>(rng() % 12);
  for (int i = 0; i < frames; ++i) {
    const google::protobuf::Descriptor& type = *requests[rng() % requests.size()];
    v1::CallFrame* frame = batch.add_frames();
    frame->set_call(static_cast<uint64_t>(i) + (rng() % 2 == 0 ? 0 : rng() << 20));
    frame->set_request(rng() % 20 == 0 ? "NoSuchRequest" : type.name());
    frame->set_message(rng() % 10 == 0 ? Noise(rng) : RandomRequest(type, session, rng));
    if (rng() % 20 == 0) frame->set_error("an answer's field");
  }
  return batch;
}

// Empty: held.
std::string Exchange(Stream& stream, const v1::CallFrames& batch) {
  std::multiset<uint64_t> expected;
  for (const v1::CallFrame& frame : batch.frames()) expected.insert(frame.call());
  stream.Write(batch);
  v1::CallFrames answers;
  while (!expected.empty() && stream.Read(&answers)) {
    for (const v1::CallFrame& answer : answers.frames()) {
      const auto it = expected.find(answer.call());
      if (it == expected.end()) return "an answer to call " + std::to_string(answer.call()) + " that was not made";
      expected.erase(it);
    }
  }
  if (batch.frames_size() > kFramesTakenMax) return expected.empty() ? "a message of too many calls was taken" : "";
  return expected.empty() ? "" : std::to_string(expected.size()) + " calls of a message got no answer";
}

}  // namespace

std::vector<std::string> SendRandomFrames(const std::string& address, bool mds,
                                          const std::vector<const google::protobuf::Descriptor*>& requests, Session& session,
                                          std::mt19937_64& rng, int rounds) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const auto mds_stub = v1::Mds::NewStub(channel);
  const auto oss_stub = v1::Oss::NewStub(channel);
  std::vector<std::string> failures;
  for (int round = 0; round < rounds; ++round) {
    grpc::ClientContext context;
    context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kRoundSecondsMax, GPR_TIMESPAN)));
    const std::unique_ptr<Stream> stream = mds ? mds_stub->Calls(&context) : oss_stub->Calls(&context);
    std::string failure;
    for (int message = 0; message < 4 && failure.empty(); ++message) {
      const v1::CallFrames batch = RandomBatch(requests, session, rng);
      failure = Exchange(*stream, batch);
      if (batch.frames_size() > kFramesTakenMax) break;  // it has ended
    }
    if (!failure.empty()) failures.push_back("Calls, round " + std::to_string(round) + ": " + failure);
    if (round % 2 == 0) stream->WritesDone();
    if (round % 2 != 0 || round % 3 == 0) context.TryCancel();
    stream->Finish();
  }
  return failures;
}

}  // namespace nacre::hostile
