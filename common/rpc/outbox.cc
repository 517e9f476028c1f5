#include "common/rpc/outbox.h"

#include <utility>

namespace nacre {

void Outbox::Remove(uint64_t call) {
  std::erase_if(waiting_, [call](const v1::CallFrame& frame) { return frame.call() == call; });
}

std::optional<v1::CallFrames> Outbox::Take() {
  if (writing_ || held_ > 0 || waiting_.empty()) return std::nullopt;
  v1::CallFrames batch;
  size_t bytes = 0;
  while (!waiting_.empty() && static_cast<size_t>(batch.frames_size()) < kBatchFramesMax) {
    bytes += waiting_.front().message().size();
    if (batch.frames_size() > 0 && bytes > kBatchBytesMax) break;
    batch.add_frames()->Swap(&waiting_.front());
    waiting_.pop_front();
  }
  writing_ = true;
  return batch;
}

}  // namespace nacre
