#include "common/rpc/grpc_server.h"

#include <grpc/support/time.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "common/rpc/bulk_codec.h"
#include "common/rpc/grpc_tuning.h"

namespace nacre {
namespace {

constexpr int kStopSeconds = 3;
constexpr size_t kLoopsMax = 8;

constexpr int kPingMsMin = 1000;

// A connection that asks for more at once waits at its own end; one of ours keeps well below.
constexpr int kCallsOfAConnectionMax = 256;

// One thread on the network carries more than one core of anything else; the others are for disks and syncs.
size_t LoopCount() { return std::clamp<size_t>(std::thread::hardware_concurrency() / 2, 1, kLoopsMax); }

}  // namespace

Result<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::string& address, RpcService& service) {
  TuneGrpc();
  grpc::ServerBuilder builder;
  int port = 0;
  // Without this a second server may share the port, and each gets half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Clients ask whether the connection lives (channel.cc).
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingMsMin);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsOfAConnectionMax);
  for (const char* unused : kUnusedGrpcFeatures) builder.AddChannelArgument(unused, 0);
  builder.SetMaxReceiveMessageSize(static_cast<int>(kBulkMessageBytesMax));
  builder.SetMaxSendMessageSize(static_cast<int>(kBulkMessageBytesMax));
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service.generated());
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (size_t i = 0; i < LoopCount(); ++i) queues.push_back(builder.AddCompletionQueue());
  std::unique_ptr<GrpcServer> server(new GrpcServer());
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || port == 0) {
    queues.clear();  // nothing was begun on them; shut down first, each would log that it should have been the server
    return Status(Code::kBusy, "cannot listen on " + address + " (in use?)");
  }
  for (auto& queue : queues) {
    service.TakeCalls(*queue, server->under_way_);
    server->loops_.push_back(std::make_unique<CompletionLoop>(std::move(queue)));
  }
  return server;
}

void GrpcServer::Stop() {
  if (server_ == nullptr) return;
  under_way_.streams.End();
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kStopSeconds, GPR_TIMESPAN)));
  SyncWait(under_way_.running.Drained());
  under_way_.streams.WaitUntilAllAreGone();
  loops_.clear();
  server_.reset();
}

}  // namespace nacre
