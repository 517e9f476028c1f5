// GrpcServer: a listening gRPC server around one service. Serves from Start until Stop.
#pragma once

#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "common/base/status.h"

namespace nacre {

class GrpcServer {
 public:
  // kBusy if somebody else listens on address.
  static Result<std::unique_ptr<GrpcServer>> Start(const std::string& address, grpc::Service& service);
  // Takes no new calls, ends connections, waits for the calls under way; those still running after a few seconds are
  // cancelled. The service must live until then.
  void Stop();
  ~GrpcServer() { Stop(); }

 private:
  explicit GrpcServer(std::unique_ptr<grpc::Server> server) : server_(std::move(server)) {}
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace nacre
