// Callee: one server as its caller sees it, and how a call of a generated service gets there: one by one, or on a stream with
// others (RpcOptions::together). The verdict in the reply's header is the call's.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "calls.pb.h"
#include "common/rpc/call_stream.h"
#include "common/rpc/channel.h"
#include "common/wire/wire.h"

namespace nacre {

template <typename Service>
class Callee {
 public:
  using Stub = typename Service::Stub;

  Callee(const std::string& address, RpcOptions options)
      : address_(address), options_(std::move(options)), channel_(MakeChannel(address)), stub_(Service::NewStub(channel_)) {
    if (!options_.together) return;
    streamed_.emplace(address_, *options_.loop, [stub = stub_.get()](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
      return stub->PrepareAsyncCalls(context, queue);
    });
  }

  const std::string& address() const { return address_; }
  const RpcOptions& options() const { return options_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  template <typename Request, typename Reply>
  Task<Result<Reply>> Call(std::string_view operation, Request request, PrepareCall<Stub, Request, Reply> prepare) {
    if (!streamed_) co_return co_await CallAlone(operation, std::move(request), prepare);
    co_return Judged(co_await CallStreamed<Request, Reply>(operation, request));
  }

  // However full the stream is.
  template <typename Request, typename Reply>
  Task<Result<Reply>> CallAlone(std::string_view operation, Request request, PrepareCall<Stub, Request, Reply> prepare) {
    const uint64_t deadline_ms = request.header().deadline_ms();
    auto start = [stub = stub_.get(), prepare, &request](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
      return (stub->*prepare)(context, request, queue);
    };
    co_return Judged(co_await CallOnce<Reply>(address_, operation, options_, deadline_ms, start));
  }

 private:
  template <typename Reply>
  static Result<Reply> Judged(Result<Reply> reply) {
    if (!reply.ok()) return reply;
    const Status verdict = StatusOf(reply->header());
    if (!verdict.ok()) return verdict;
    return reply;
  }

  template <typename Request, typename Reply>
  Task<Result<Reply>> CallStreamed(std::string_view operation, const Request& request) {
    const int64_t began = rpc_internal::NowNs();
    std::string name = Request::descriptor()->name();
    std::string message = request.SerializeAsString();
    const Duration timeout = rpc_internal::TimeoutOf(request.header().deadline_ms(), options_);
    const Result<std::string> answer = co_await streamed_->Call(std::move(name), std::move(message), timeout);
    if (options_.observer) options_.observer(operation, Duration(rpc_internal::NowNs() - began), answer.status());
    if (!answer.ok()) co_return answer.status();
    Reply reply;
    if (!reply.ParseFromString(*answer)) co_return Status(Code::kInvalid, address_ + " answered with bytes that are no reply");
    co_return reply;
  }

  const std::string address_;
  const RpcOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<Stub> stub_;
  std::optional<StreamedCalls> streamed_;
};

}  // namespace nacre
