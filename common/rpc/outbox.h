// Outbox: what waits to be written on one stream. While a batch is being written, all that comes gathers, and goes in the
// next: the busier a stream is, the more calls share a message. Not thread safe; its stream's mutex guards it.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "calls.pb.h"
#include "common/base/units.h"

namespace nacre {

// Of one batch; a single frame may be larger (a page of a listing). Few frames: with all that a client has under way in one
// message, it waits while the server works, and the server while it does. With 32 under way 4 to 8 were best.
constexpr size_t kBatchFramesMax = 6;
constexpr size_t kBatchBytesMax = 128 * kKiB;
// What the other end takes of one message.
constexpr size_t kBatchFramesTakenMax = 64;

class Outbox {
 public:
  void Put(v1::CallFrame frame) {
    waiting_bytes_ += frame.message().size();
    waiting_.push_back(std::move(frame));
  }

  // Its sender waits no longer: not sent, if it was not yet.
  void Remove(uint64_t call);

  // Nobody is there to read.
  void Clear();

  // What is to be written now, if anything: nothing while a batch is being written, or held back. The caller writes it and
  // calls Written when it is done.
  std::optional<v1::CallFrames> Take();
  void Written() { writing_ = false; }

  // Between the two what comes waits until a batch is full, to go together.
  void Hold() { held_ = true; }
  void LetGo() { held_ = false; }

  // Not being written yet.
  size_t waiting() const { return waiting_.size(); }
  size_t waiting_bytes() const { return waiting_bytes_; }
  // Nothing waits, nothing is being written.
  bool empty() const { return !writing_ && waiting_.empty(); }

 private:
  std::deque<v1::CallFrame> waiting_;
  size_t waiting_bytes_ = 0;
  bool writing_ = false;
  bool held_ = false;
};

}  // namespace nacre
