#include "common/rpc/grpc_server.h"

#include <grpc/support/time.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "common/rpc/bulk_codec.h"
#include "common/rpc/grpc_tuning.h"

namespace nacre {
namespace {
constexpr int kStopSeconds = 3;
}

Result<std::unique_ptr<GrpcServer>> GrpcServer::Start(const std::string& address, grpc::Service& service) {
  TuneGrpc();
  grpc::ServerBuilder builder;
  int port = 0;
  // Without this a second server may share the port, and each gets half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(static_cast<int>(kBulkMessageBytesMax));
  builder.SetMaxSendMessageSize(static_cast<int>(kBulkMessageBytesMax));
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return Status(Code::kBusy, "cannot listen on " + address + " (in use?)");
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(server)));
}

void GrpcServer::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(kStopSeconds, GPR_TIMESPAN)));
  server_->Wait();
  server_.reset();
}

}  // namespace nacre
