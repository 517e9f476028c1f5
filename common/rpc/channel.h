// Channels to servers, and one call over them as a Task. The only place that turns gRPC's verdicts into ours:
//   an answer came: the reply header's code is the verdict
//   none came (refused, reset, deadline): kUnavailable, naming the server; the request may have been done
// A Task made here goes on on the loop's thread: who needs a strand, or takes long, hops. Any thread.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/async_unary_call.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/rpc/completion_loop.h"
#include "common/wire/wire.h"

namespace nacre {

// Told of every call that ended; must be quick, may be called from several threads at once.
using RpcObserver = std::function<void(std::string_view operation, Duration took, const Status& status)>;

struct RpcOptions {
  CompletionLoop* loop = nullptr;               // waits for the answers; outlives who calls on it
  Duration timeout = std::chrono::seconds(60);  // for requests whose header says no deadline
  RpcObserver observer;                         // may be empty
  // Calls share a stream (call_stream.h). For who asks much, as clients do: a stream that is open keeps the loop polling,
  // which a server's other loops would feel (docs/decisions/0014).
  bool together = false;
};

// Connects when first used, reconnects with back-off; calls on a broken channel fail at once.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

// What a server may listen on: loopback, or anything when insecure is said (until mTLS exists). kInvalid explains.
Status CheckListenAddress(const std::string& address, bool insecure);

namespace rpc_internal {

Duration TimeoutOf(uint64_t deadline_ms, const RpcOptions& options);
void SetDeadline(grpc::ClientContext& context, Duration timeout);
Status TransportStatus(const grpc::Status& status, const std::string& address);
int64_t NowNs();

// One call until its answer is there.
template <typename Reply>
struct CallState final : Completion {
  grpc::ClientContext context;
  Reply reply;
  grpc::Status status;
  OneShot<bool> done;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> reader;

  // Whoever goes on may end the call: nothing of it is touched behind Set.
  void Complete(bool) override {
    const OneShot<bool> ended = done;
    ended.Set(true);
  }
};

}  // namespace rpc_internal

// A generated stub's PrepareAsync... of one method.
template <typename Stub, typename Request, typename Reply>
using PrepareCall = std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> (Stub::*)(grpc::ClientContext*, const Request&,
                                                                                      grpc::CompletionQueue*);

// prepare(context, queue) makes the call's reader, serializing the request; called before CallOnce suspends.
template <typename Reply, typename Prepare>
Task<Result<Reply>> CallOnce(const std::string& address, std::string_view operation, const RpcOptions& options,
                             uint64_t deadline_ms, Prepare prepare) {
  rpc_internal::CallState<Reply> call;
  rpc_internal::SetDeadline(call.context, rpc_internal::TimeoutOf(deadline_ms, options));
  const int64_t began = rpc_internal::NowNs();
  call.reader = prepare(&call.context, &options.loop->Begin());
  call.reader->StartCall();
  call.reader->Finish(&call.reply, &call.status, static_cast<Completion*>(&call));
  co_await call.done;
  Status status = rpc_internal::TransportStatus(call.status, address);
  if (options.observer) options.observer(operation, Duration(rpc_internal::NowNs() - began), status);
  if (!status.ok()) co_return status;
  co_return std::move(call.reply);
}

}  // namespace nacre
