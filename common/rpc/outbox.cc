#include "common/rpc/outbox.h"

#include <utility>

namespace nacre {

void Outbox::Remove(uint64_t call) {
  for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
    if (it->call() != call) continue;
    waiting_bytes_ -= it->message().size();
    waiting_.erase(it);
    return;
  }
}

void Outbox::Clear() {
  waiting_.clear();
  waiting_bytes_ = 0;
}

std::optional<v1::CallFrames> Outbox::Take() {
  if (writing_ || waiting_.empty()) return std::nullopt;
  if (held_ && waiting_.size() < kBatchFramesMax) return std::nullopt;
  v1::CallFrames batch;
  size_t bytes = 0;
  while (!waiting_.empty() && static_cast<size_t>(batch.frames_size()) < kBatchFramesMax) {
    const size_t next = waiting_.front().message().size();
    if (batch.frames_size() > 0 && bytes + next > kBatchBytesMax) break;
    bytes += next;
    batch.add_frames()->Swap(&waiting_.front());
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  writing_ = true;
  return batch;
}

}  // namespace nacre
