// GrpcServer: a listening gRPC server around one service, with a CompletionLoop for every two cores. Serves from Start
// until Stop.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/rpc/completion_loop.h"
#include "common/rpc/served_stream.h"

namespace nacre {

// A generated service and what answers its calls (common/rpc/served_call.h).
class RpcService {
 public:
  virtual ~RpcService() = default;
  virtual grpc::Service& generated() = 0;
  // Begins to take calls from the queue, on every method. under_way counts those being answered.
  virtual void TakeCalls(grpc::ServerCompletionQueue& queue, CallsUnderWay& under_way) = 0;
};

class GrpcServer {
 public:
  // kBusy if somebody else listens on address.
  static Result<std::unique_ptr<GrpcServer>> Start(const std::string& address, RpcService& service);
  // Takes no new calls, ends connections, waits for the calls under way; those still running after a few seconds are
  // cancelled. The service must live until then.
  void Stop();
  ~GrpcServer() { Stop(); }

 private:
  GrpcServer() = default;

  std::unique_ptr<grpc::Server> server_;
  CallsUnderWay under_way_;
  std::vector<std::unique_ptr<CompletionLoop>> loops_;
};

}  // namespace nacre
