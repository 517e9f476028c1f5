// ServeCall: one gRPC call-back to one Api call and back, the same for every RPC of every server.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <utility>

#include "common/base/status.h"
#include "common/base/task.h"
#include "common/wire/wire.h"

namespace nacre {

// A failed call still tells which life of the server answered: clients watch the boot count.
inline void SetFailure(v1::ReplyHeader& header, const Status& status, uint64_t boot_count) {
  SetStatus(header, status);
  header.set_boot_count(boot_count);
}

template <typename Api>
struct ServeCall {
  Api& api;
  uint64_t boot_count;

  template <typename Request, typename Reply>
  grpc::ServerUnaryReactor* Serve(grpc::CallbackServerContext* context, const Request* request, Reply* reply,
                                  Task<Result<Reply>> (Api::*method)(Request)) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    Detach(Answer((api.*method)(*request), reply, boot_count, reactor));
    return reactor;
  }

 private:
  template <typename Reply>
  static Task<void> Answer(Task<Result<Reply>> call, Reply* reply, uint64_t boot_count, grpc::ServerUnaryReactor* reactor) {
    Result<Reply> result = co_await std::move(call);
    if (result.ok()) {
      *reply = std::move(*result);
    } else {
      SetFailure(*reply->mutable_header(), result.status(), boot_count);
    }
    reactor->Finish(grpc::Status::OK);
  }
};

}  // namespace nacre
