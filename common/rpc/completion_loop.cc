#include "common/rpc/completion_loop.h"

#include <utility>

#include "common/base/check.h"
#include "common/rpc/grpc_tuning.h"

namespace nacre {

CompletionLoop::CompletionLoop() : queue_(std::make_unique<grpc::CompletionQueue>()) {
  TuneGrpc();
  thread_ = std::thread([this] { WaitForCalls(); });
}

CompletionLoop::CompletionLoop(std::unique_ptr<grpc::ServerCompletionQueue> queue) : queue_(std::move(queue)) {
  TuneGrpc();
  thread_ = std::thread([this] {
    while (CompleteOne()) {
    }
  });
}

// False: the queue is shut down and empty.
bool CompletionLoop::CompleteOne() {
  void* tag = nullptr;
  bool ok = false;
  if (!queue_->Next(&tag, &ok)) return false;
  static_cast<Completion*>(tag)->Complete(ok);
  return true;
}

void CompletionLoop::WaitForCalls() {
  while (true) {
    begun_.Acquire();
    if (!CompleteOne() || ending_) break;
  }
  while (CompleteOne()) {
  }
}

CompletionLoop::~CompletionLoop() {
  NACRE_CHECK(std::this_thread::get_id() != thread_.get_id(), "a loop does not end itself");
  ending_ = true;
  queue_->Shutdown();
  begun_.Release();
  thread_.join();
}

}  // namespace nacre
