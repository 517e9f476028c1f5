// ServedStream: a stream of calls (common/rpc/call_stream.h) at the server's end. Each call is answered on its own, in
// whatever order they are done; answers that are there together go in one message.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/base/status.h"
#include "common/base/task.h"

namespace nacre::v1 {
class CallFrames;
}

namespace nacre {

// What answers a request, by the name of its message. An error: the bytes are no such message.
using CallTable = std::unordered_map<std::string, std::function<Task<Result<std::string>>(std::string message)>>;

class ServedStream;

// The streams of one server, so that it can end them: they would stay as long as the clients do.
class OpenStreams {
 public:
  // From now on no message is taken; each stream ends when the calls under way are answered.
  void End();
  // Also those that gRPC was asked for and has not brought.
  void WaitUntilAllAreGone();

 private:
  friend class ServedStream;
  struct Counted {  // one of them, from before gRPC knows of it until gRPC has forgotten it
    explicit Counted(OpenStreams& all) : all(all) { all.Begins(); }
    ~Counted() { all.IsGone(); }
    OpenStreams& all;
  };
  void Begins();
  void IsGone();
  // False: it is not served. This server ends, or the connection has enough of them.
  bool Open(ServedStream* stream, const std::string& connection);
  void Close(ServedStream* stream, const std::string& connection);

  std::mutex mutex_;  // guards all below
  std::condition_variable gone_;
  bool ending_ = false;
  int count_ = 0;
  std::unordered_set<ServedStream*> open_;
  std::unordered_map<std::string, int> of_connection_;
};

// What a server is doing at the moment.
struct CallsUnderWay {
  TaskGroup running;  // calls
  OpenStreams streams;
};

// Asks gRPC for the next stream of one service; `tag` completes when it is there.
using ServerStream = grpc::ServerAsyncReaderWriter<v1::CallFrames, v1::CallFrames>;
using AcceptStream = std::function<void(grpc::ServerContext*, ServerStream*, void* tag)>;

// Takes streams from a queue, one after another, until it ends.
void ServeStreams(AcceptStream accept, std::shared_ptr<const CallTable> calls, CallsUnderWay& under_way);

}  // namespace nacre
