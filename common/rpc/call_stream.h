// StreamedCalls: calls to one server that share a stream. A call that comes while others are being sent goes with those that
// do in the next message, and the server answers likewise: many in flight cost few messages. The stream is opened by the
// first call and stays; when it breaks, all who wait on it hear of it, and the next call opens another.
//
// A call may be lost with its stream after the server has done it, as any call may be (common/rpc/channel.h).
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_stream.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/rpc/completion_loop.h"

namespace nacre::v1 {
class CallFrames;
}

namespace nacre {

class CallStream;

class StreamedCalls {
 public:
  using Stream = grpc::ClientAsyncReaderWriter<v1::CallFrames, v1::CallFrames>;
  // A generated stub's PrepareAsyncCalls.
  using Prepare = std::function<std::unique_ptr<Stream>(grpc::ClientContext*, grpc::CompletionQueue*)>;

  // loop outlives this. address: for messages.
  StreamedCalls(std::string address, CompletionLoop& loop, Prepare prepare);
  // No call may be under way.
  ~StreamedCalls();

  // The answer's bytes. request: the name of the message's type. Goes on on the loop's thread, or at once. Any thread.
  //   kUnavailable  no answer in time, or the stream broke: the request may have been done
  //   kUnsupported  the server knows no streams, or cannot tell what was asked
  //   kInvalid      larger than a message may be: not sent
  Task<Result<std::string>> Call(std::string request, std::string message, Duration timeout);

 private:
  std::shared_ptr<CallStream> Current();

  const std::string address_;
  CompletionLoop& loop_;
  const Prepare prepare_;
  std::mutex mutex_;  // guards current_
  std::shared_ptr<CallStream> current_;
};

}  // namespace nacre
