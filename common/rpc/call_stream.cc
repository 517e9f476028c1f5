#include "common/rpc/call_stream.h"

#include <grpcpp/alarm.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <atomic>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/rpc/bulk_codec.h"
#include "common/rpc/channel.h"
#include "common/rpc/outbox.h"
#include "common/rpc/stream_event.h"

namespace nacre {
namespace {

// With what stands around it, below what a server admits: it would end the stream, and the calls of others with it.
constexpr size_t kRequestBytesMax = kBulkMessageBytesMax - kKiB;

// How late a call may learn that its time is over.
constexpr int kTickMs = 200;

}  // namespace

// One stream, from its opening until it broke.
class CallStream : public std::enable_shared_from_this<CallStream> {
 public:
  using Answer = OneShot<Result<std::string>>;

  CallStream(const std::string& address, CompletionLoop& loop) : address_(address), loop_(loop) {}

  void Open(const StreamedCalls::Prepare& prepare) {
    grpc::CompletionQueue& queue = loop_.Begin();
    stream_ = prepare(&context_, &queue);
    stream_->StartCall(started_.Tag(shared_from_this()));
  }

  // False: this stream has ended, and the frame is as it was.
  bool Send(v1::CallFrame& frame, Duration timeout, const Answer& answer) {
    std::optional<v1::CallFrames> batch;
    {
      std::lock_guard lock(mutex_);
      if (ended_) return false;
      frame.set_call(++last_call_);
      waiting_.emplace(last_call_, Waiting{answer, rpc_internal::NowNs() + timeout.count()});
      outbox_.Put(std::move(frame));
      TickSoon();
      batch = TakeBatch();
    }
    if (batch) Write(*batch);
    return true;
  }

  bool HasEnded() {
    std::lock_guard lock(mutex_);
    return ended_;
  }

  // Nothing is begun on the loop after this; nor is it once a stream has ended by itself.
  void Close() {
    {
      std::lock_guard lock(mutex_);
      NACRE_CHECK(waiting_.empty(), "nobody waits for an answer any more");
      closed_ = ended_ = true;
      if (ticking_) alarm_.Cancel();
    }
    context_.TryCancel();
    while (writers_ > 0) std::this_thread::yield();  // a server answered before all was sent; this takes a moment
  }

 private:
  struct Waiting {
    Answer answer;
    int64_t until_ns;
  };

  void Started(bool ok) {
    std::optional<v1::CallFrames> batch;
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      if (!ok) {
        End();
        return;
      }
      is_open_ = true;
      Read();
      batch = TakeBatch();
    }
    if (batch) Write(*batch);
  }

  void HasRead(bool ok) {
    std::vector<std::pair<Answer, v1::CallFrame*>> answers;
    v1::CallFrames batch;
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      if (!ok) {
        End();
        return;
      }
      batch.Swap(&incoming_);
      for (v1::CallFrame& frame : *batch.mutable_frames()) {
        auto it = waiting_.find(frame.call());
        if (it == waiting_.end()) continue;  // its time was over
        answers.emplace_back(it->second.answer, &frame);
        waiting_.erase(it);
      }
      Read();
    }
    for (const auto& [answer, frame] : answers) answer.Set(AnswerIn(*frame));
  }

  Result<std::string> AnswerIn(v1::CallFrame& frame) const {
    if (!frame.error().empty()) return Status(Code::kUnsupported, address_ + ": " + frame.error());
    return std::move(*frame.mutable_message());
  }

  // Under the mutex. Not while a stream is not open: gRPC takes nothing before that.
  std::optional<v1::CallFrames> TakeBatch() {
    if (!is_open_ || ended_) return std::nullopt;
    std::optional<v1::CallFrames> batch = outbox_.Take();
    if (batch) ++writers_;
    return batch;
  }
  // Not under the mutex: this is where a batch goes to the socket.
  void Write(const v1::CallFrames& batch) {
    loop_.Begin();
    stream_->Write(batch, written_.Tag(shared_from_this()));
    --writers_;
  }
  void Written(bool ok) {
    if (!ok) return;  // broken: the read tells
    std::optional<v1::CallFrames> batch;
    {
      std::lock_guard lock(mutex_);
      outbox_.Written();
      batch = TakeBatch();
    }
    if (batch) Write(*batch);
  }

  // Under the mutex, as all that follows.
  void Read() {
    loop_.Begin();
    stream_->Read(&incoming_, read_.Tag(shared_from_this()));
  }
  // A server that sends no messages of ours, but leaves the stream open, is left at the next tick.
  void End() {
    if (std::exchange(ended_, true)) return;
    loop_.Begin();
    stream_->Finish(&status_, finished_.Tag(shared_from_this()));
    TickSoon();
  }
  void TickSoon() {
    if (ticking_ || (waiting_.empty() && !ended_)) return;
    ticking_ = true;
    const gpr_timespec when = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kTickMs, GPR_TIMESPAN));
    alarm_.Set(&loop_.Begin(), when, tick_.Tag(shared_from_this()));
  }

  void Tick(bool) {
    std::vector<Answer> late;
    {
      std::lock_guard lock(mutex_);
      ticking_ = false;
      if (closed_) return;
      if (ended_) {
        context_.TryCancel();  // nothing, if it has finished
        return;
      }
      late = TakeLate();
      TickSoon();
    }
    const grpc::Status over(grpc::StatusCode::DEADLINE_EXCEEDED, "");
    for (const Answer& answer : late) answer.Set(rpc_internal::TransportStatus(over, address_));
  }
  std::vector<Answer> TakeLate() {
    std::vector<Answer> late;
    const int64_t now = rpc_internal::NowNs();
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (it->second.until_ns > now) {
        ++it;
        continue;
      }
      late.push_back(it->second.answer);
      outbox_.Remove(it->first);
      it = waiting_.erase(it);
    }
    return late;
  }

  void Finished(bool) {
    std::unordered_map<uint64_t, Waiting> all;
    {
      std::lock_guard lock(mutex_);
      if (ticking_) alarm_.Cancel();
      if (closed_) return;
      all.swap(waiting_);
    }
    Status status = rpc_internal::TransportStatus(status_, address_);
    if (status.ok()) status = Status(Code::kUnavailable, address_ + " ended the connection");
    for (const auto& [call, waiting] : all) waiting.answer.Set(status);
  }

  const std::string address_;
  CompletionLoop& loop_;
  grpc::ClientContext context_;
  std::unique_ptr<StreamedCalls::Stream> stream_;
  grpc::Alarm alarm_;
  grpc::Status status_;
  v1::CallFrames incoming_;
  StreamEvent<CallStream> started_{&CallStream::Started}, read_{&CallStream::HasRead}, written_{&CallStream::Written},
      tick_{&CallStream::Tick}, finished_{&CallStream::Finished};
  std::atomic<int> writers_{0};  // in Write

  std::mutex mutex_;  // guards all below
  bool is_open_ = false;
  bool ended_ = false;   // takes no more calls
  bool closed_ = false;  // nobody waits; nothing is begun any more
  bool ticking_ = false;
  uint64_t last_call_ = 0;
  std::unordered_map<uint64_t, Waiting> waiting_;
  Outbox outbox_;
};

StreamedCalls::StreamedCalls(std::string address, CompletionLoop& loop, Prepare prepare)
    : address_(std::move(address)), loop_(loop), prepare_(std::move(prepare)) {}

StreamedCalls::~StreamedCalls() {
  if (current_ != nullptr) current_->Close();
}

std::shared_ptr<CallStream> StreamedCalls::Current() {
  std::lock_guard lock(mutex_);
  if (current_ == nullptr || current_->HasEnded()) {
    current_ = std::make_shared<CallStream>(address_, loop_);
    current_->Open(prepare_);
  }
  return current_;
}

Task<Result<std::string>> StreamedCalls::Call(std::string request, std::string message, Duration timeout) {
  if (message.size() > kRequestBytesMax) {
    co_return Status(Code::kInvalid, "a request of " + std::to_string(message.size()) + " bytes is more than a server takes");
  }
  v1::CallFrame frame;
  frame.set_request(std::move(request));
  frame.set_message(std::move(message));
  const CallStream::Answer answer;
  while (!Current()->Send(frame, timeout, answer)) {
  }
  co_return co_await answer;
}

}  // namespace nacre
