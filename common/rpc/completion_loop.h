// CompletionLoop: a completion queue of gRPC and the one thread that waits on it. That thread reads the sockets of whoever
// uses the queue and runs what goes on then (Completion::Complete), so a request or an answer costs no hand-over from one
// thread to another. gRPC's own call-back threads, at least two, hand the poll over at each event: on the machines we
// measured that was a third of the CPU of a read (docs/decisions/0007).
//
// What a Completion runs must be quick and must not block: while it runs, nothing else of this queue is seen.
#pragma once

#include <grpcpp/completion_queue.h>

#include <atomic>
#include <memory>
#include <thread>

#include "common/base/semaphore.h"

namespace nacre {

// What waits for one event; a pointer to it is the event's tag.
class Completion {
 public:
  // On the loop's thread, once for each event begun with this tag. ok: gRPC's word for it, see the operation.
  virtual void Complete(bool ok) = 0;

 protected:
  ~Completion() = default;
};

class CompletionLoop {
 public:
  // For calls to others. Waits on the queue only while one is under way (Begin), so that in a server which seldom asks
  // others the loops of its own calls need not share the poll with it.
  CompletionLoop();
  // For the calls that a server takes: always waits.
  explicit CompletionLoop(std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // Waits for every event begun; nothing new may be begun. Not on the loop's own thread.
  ~CompletionLoop();
  CompletionLoop(const CompletionLoop&) = delete;
  CompletionLoop& operator=(const CompletionLoop&) = delete;

  // Before each event of a call to others is begun on the queue: exactly one completion comes of it.
  grpc::CompletionQueue& Begin() {
    begun_.Release();
    return *queue_;
  }

 private:
  bool CompleteOne();
  void WaitForCalls();

  const std::unique_ptr<grpc::CompletionQueue> queue_;
  Semaphore begun_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace nacre
