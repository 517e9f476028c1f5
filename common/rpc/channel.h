// Channels to servers, and one call over them as a Task. The only place that turns gRPC's verdicts into ours:
//   an answer came: the reply header's code is the verdict
//   none came (refused, reset, deadline): kUnavailable, naming the server; the request may have been done
// A Task made here goes on on a gRPC thread: who needs a strand hops. Any thread.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/wire/wire.h"

namespace nacre {

// Told of every call that ended; must be quick, may be called from several threads at once.
using RpcObserver = std::function<void(std::string_view operation, Duration took, const Status& status)>;

struct RpcOptions {
  Duration timeout = std::chrono::seconds(60);  // for requests whose header says no deadline
  RpcObserver observer;                         // may be empty
};

// Connects when first used, reconnects with back-off; calls on a broken channel fail at once.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

// What a server may listen on: loopback, or anything when insecure is said (until mTLS exists). kInvalid explains.
Status CheckListenAddress(const std::string& address, bool insecure);

namespace rpc_internal {

void SetDeadline(grpc::ClientContext& context, uint64_t deadline_ms, Duration timeout);
Status TransportStatus(const grpc::Status& status, const std::string& address);
int64_t NowNs();

// Everything one call needs until its call-back has run.
template <typename Request, typename Reply>
struct CallState {
  grpc::ClientContext context;
  Request request;
  Reply reply;
};

}  // namespace rpc_internal

// start(context, request, reply, on_done) begins the call.
template <typename Reply, typename Request, typename Start>
Task<Result<Reply>> CallOnce(const std::string& address, std::string_view operation, const RpcOptions& options,
                             uint64_t deadline_ms, Request request, Start start) {
  auto state = std::make_shared<rpc_internal::CallState<Request, Reply>>();
  state->request = std::move(request);
  rpc_internal::SetDeadline(state->context, deadline_ms, options.timeout);
  const int64_t began = rpc_internal::NowNs();
  OneShot<grpc::Status> done;
  // The call-back gives up its share before anybody goes on: the context holds the channel, and the last channel must not
  // end on gRPC's own thread, which would then wait for itself.
  start(&state->context, &state->request, &state->reply, [done, state](grpc::Status status) mutable {
    state.reset();
    done.Set(std::move(status));
  });
  const grpc::Status transport = co_await done;
  Status status = rpc_internal::TransportStatus(transport, address);
  if (options.observer) options.observer(operation, Duration(rpc_internal::NowNs() - began), status);
  if (!status.ok()) co_return status;
  co_return std::move(state->reply);
}

}  // namespace nacre
