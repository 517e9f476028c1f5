// ServedCall: one call of one RPC method on its way through a server: taken from the queue, answered by the Api, sent back.
// The same for every RPC of every server; what differs stands in an RpcMethod.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/base/task.h"
#include "common/rpc/completion_loop.h"
#include "common/rpc/served_stream.h"
#include "common/wire/wire.h"

namespace nacre {

// Request and Reply: messages, or grpc::ByteBuffer where pages must not be copied.
template <typename Request, typename Reply>
struct RpcMethod {
  // Asks gRPC for the next call; `tag` completes when it is there.
  std::function<void(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Reply>*, void* tag)> accept;
  // The request lives until the task has answered.
  std::function<Task<Reply>(const Request*)> answer;
};

// Owns itself: goes when its answer was sent, or when the server ends before a call came.
template <typename Request, typename Reply>
class ServedCall final : public Completion {
 public:
  using Method = std::shared_ptr<const RpcMethod<Request, Reply>>;

  // running counts the calls that are being answered.
  static void AcceptNext(Method method, TaskGroup* running) {
    auto* call = new ServedCall(std::move(method), running);
    call->method_->accept(&call->context_, &call->request_, &call->writer_, static_cast<Completion*>(call));
  }

  void Complete(bool ok) override {
    if (taken_ || !ok) {
      delete this;
      return;
    }
    taken_ = true;
    AcceptNext(method_, running_);
    running_->Start(Answer(this));
  }

 private:
  ServedCall(Method method, TaskGroup* running) : method_(std::move(method)), running_(running), writer_(&context_) {}
  ~ServedCall() = default;

  // Sent, the call may be gone at any moment.
  static Task<void> Answer(ServedCall* call) {
    const Reply reply = co_await call->method_->answer(&call->request_);
    call->writer_.Finish(reply, grpc::Status::OK, static_cast<Completion*>(call));
  }

  const Method method_;
  TaskGroup* const running_;
  bool taken_ = false;
  grpc::ServerContext context_;
  Request request_;
  grpc::ServerAsyncResponseWriter<Reply> writer_;
};

// A failed call still tells which life of the server answered: clients watch the boot count.
inline void SetFailure(v1::ReplyHeader& header, const Status& status, uint64_t boot_count) {
  SetStatus(header, status);
  header.set_boot_count(boot_count);
}

// The methods of one service on one queue: each Serve() begins to take calls; ServeStreams, last, takes the same on streams.
template <typename Service, typename Api>
class MethodTable {
 public:
  MethodTable(Service& service, Api& api, uint64_t boot_count, grpc::ServerCompletionQueue& queue, CallsUnderWay& under_way)
      : service_(service), api_(api), boot_count_(boot_count), queue_(queue), under_way_(under_way) {}

  // accept: the generated Request... of the method.
  template <typename Base, typename Request, typename Reply>
  void Serve(void (Base::*accept)(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Reply>*,
                                  grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
             Task<Result<Reply>> (Api::*method)(Request)) {
    ServeBy(accept, [api = &api_, method, boot_count = boot_count_](const Request* request) {
      return AnswerOf((api->*method)(*request), boot_count);
    });
    (*streamed_)[Request::descriptor()->name()] = [api = &api_, method, boot_count = boot_count_](std::string message) {
      return AnswerBytes(api, method, boot_count, std::move(message));
    };
  }
  template <typename Base, typename Request, typename Reply, typename Answer>
  void ServeBy(void (Base::*accept)(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Reply>*,
                                    grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
               Answer answer) {
    auto served = std::make_shared<RpcMethod<Request, Reply>>();
    served->accept = [service = &service_, queue = &queue_, accept](grpc::ServerContext* context, Request* request,
                                                                    grpc::ServerAsyncResponseWriter<Reply>* writer, void* tag) {
      (service->*accept)(context, request, writer, queue, queue, tag);
    };
    served->answer = std::move(answer);
    ServedCall<Request, Reply>::AcceptNext(std::move(served), &under_way_.running);
  }

  template <typename Base>
  void ServeStreams(void (Base::*accept)(grpc::ServerContext*, ServerStream*, grpc::CompletionQueue*,
                                         grpc::ServerCompletionQueue*, void*)) {
    AcceptStream next = [service = &service_, queue = &queue_, accept](grpc::ServerContext* context, ServerStream* stream,
                                                                       void* tag) {
      (service->*accept)(context, stream, queue, queue, tag);
    };
    nacre::ServeStreams(std::move(next), streamed_, under_way_);
  }

 private:
  template <typename Reply>
  static Task<Reply> AnswerOf(Task<Result<Reply>> call, uint64_t boot_count) {
    Result<Reply> result = co_await std::move(call);
    if (result.ok()) co_return *std::move(result);
    Reply reply;
    SetFailure(*reply.mutable_header(), result.status(), boot_count);
    co_return reply;
  }
  template <typename Request, typename Reply>
  static Task<Result<std::string>> AnswerBytes(Api* api, Task<Result<Reply>> (Api::*method)(Request), uint64_t boot_count,
                                               std::string message) {
    Request request;
    if (!request.ParseFromString(message)) co_return Status(Code::kInvalid, "request cannot be parsed");
    const Reply reply = co_await AnswerOf((api->*method)(std::move(request)), boot_count);
    co_return reply.SerializeAsString();
  }

  Service& service_;
  Api& api_;
  const uint64_t boot_count_;
  grpc::ServerCompletionQueue& queue_;
  CallsUnderWay& under_way_;
  const std::shared_ptr<CallTable> streamed_ = std::make_shared<CallTable>();
};

}  // namespace nacre
