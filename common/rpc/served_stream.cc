#include "common/rpc/served_stream.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <optional>
#include <utility>

#include "common/rpc/bulk_codec.h"
#include "common/rpc/outbox.h"
#include "common/rpc/stream_event.h"

namespace nacre {
namespace {

// A client that asks for more at once, or does not read its answers, is not heard until some are gone.
constexpr size_t kCallsOfAStreamMax = 256;
constexpr size_t kBytesOfAStreamMax = 8 * kMiB;  // of requests under way, and of unread answers
// With what stands around it, below what a client admits: it would end the stream, and the calls of others with it.
constexpr size_t kAnswerBytesMax = kBulkMessageBytesMax - kKiB;
// One is enough; another may still be about to end.
constexpr int kStreamsOfAConnectionMax = 4;

}  // namespace

class ServedStream : public std::enable_shared_from_this<ServedStream> {
 public:
  ServedStream(AcceptStream accept, std::shared_ptr<const CallTable> calls, CallsUnderWay& under_way)
      : counted_(under_way.streams), accept_(std::move(accept)), calls_(std::move(calls)), under_way_(under_way) {}
  ~ServedStream() {
    if (is_open_) under_way_.streams.Close(this, connection_);
  }

  void Accept() { accept_(&context_, &stream_, accepted_.Tag(shared_from_this())); }

  // Nothing more is taken.
  void End() {
    std::lock_guard lock(mutex_);
    ending_ = true;
    FinishIfIdle();
  }

 private:
  void Accepted(bool ok) {
    if (!ok) return;  // the server ends, no stream came
    ServeStreams(accept_, calls_, under_way_);
    is_open_ = true;
    connection_ = context_.peer();
    const bool serves = under_way_.streams.Open(this, connection_);
    std::lock_guard lock(mutex_);
    if (!serves) ending_ = true;
    if (ending_) {
      FinishIfIdle();
    } else {
      Read();
    }
  }

  void HasRead(bool ok) {
    v1::CallFrames batch;
    {
      std::lock_guard lock(mutex_);
      reads_ = false;
      if (!ok) ending_ = true;
      if (ending_) {
        FinishIfIdle();
        return;
      }
      batch.Swap(&incoming_);
      if (static_cast<size_t>(batch.frames_size()) > kBatchFramesTakenMax) {  // no client of ours
        ending_ = true;
        FinishIfIdle();
        return;
      }
      answering_ += static_cast<size_t>(batch.frames_size());
      for (const v1::CallFrame& frame : batch.frames()) answering_bytes_ += frame.message().size();
      if (batch.frames_size() > 1) outbox_.Hold();  // what is answered at once goes together
    }
    for (v1::CallFrame& frame : *batch.mutable_frames()) under_way_.running.Start(Answer(shared_from_this(), std::move(frame)));
    std::optional<v1::CallFrames> answers;
    {
      std::lock_guard lock(mutex_);
      outbox_.LetGo();
      answers = TakeBatch();
      ReadOn();
    }
    if (answers) Write(*answers);
  }

  static Task<void> Answer(std::shared_ptr<ServedStream> stream, v1::CallFrame frame) {
    const auto method = stream->calls_->find(frame.request());
    const size_t request_bytes = frame.message().size();
    v1::CallFrame answer;
    answer.set_call(frame.call());
    if (method == stream->calls_->end()) {
      answer.set_error("request is not known");
    } else {
      std::string request = std::move(*frame.mutable_message());
      Result<std::string> message = co_await method->second(std::move(request));
      if (message.ok() && message->size() > kAnswerBytesMax) {
        answer.set_error("answer is too large for a stream");
      } else if (message.ok()) {
        answer.set_message(*std::move(message));
      } else {
        answer.set_error(message.status().message());
      }
    }
    stream->Send(std::move(answer), request_bytes);
  }

  void Send(v1::CallFrame answer, size_t request_bytes) {
    std::optional<v1::CallFrames> batch;
    {
      std::lock_guard lock(mutex_);
      --answering_;
      answering_bytes_ -= request_bytes;
      outbox_.Put(std::move(answer));
      batch = TakeBatch();
      ReadOn();
    }
    if (batch) Write(*batch);
  }
  void Written(bool ok) {
    std::optional<v1::CallFrames> batch;
    {
      std::lock_guard lock(mutex_);
      outbox_.Written();
      if (!ok) broken_ = true;
      batch = TakeBatch();
      ReadOn();
    }
    if (batch) Write(*batch);
  }
  // Not under the mutex: this is where a batch goes to the socket.
  void Write(const v1::CallFrames& batch) { stream_.Write(batch, written_.Tag(shared_from_this())); }

  // Under the mutex, as all that follows.
  std::optional<v1::CallFrames> TakeBatch() {
    if (broken_) outbox_.Clear();
    return outbox_.Take();
  }
  void Read() {
    reads_ = true;
    stream_.Read(&incoming_, read_.Tag(shared_from_this()));
  }
  void ReadOn() {
    if (ending_) {
      FinishIfIdle();
    } else if (!reads_ && HasRoom()) {
      Read();
    }
  }
  bool HasRoom() const {
    return answering_ + outbox_.waiting() < kCallsOfAStreamMax &&
           answering_bytes_ + outbox_.waiting_bytes() < kBytesOfAStreamMax;
  }
  void FinishIfIdle() {
    if (!ending_ || answering_ > 0 || !outbox_.empty() || std::exchange(finishing_, true)) return;
    stream_.Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server ends this stream"), finished_.Tag(shared_from_this()));
  }
  void Finished(bool) {}

  const OpenStreams::Counted counted_;  // first: gone when all else is
  const AcceptStream accept_;
  const std::shared_ptr<const CallTable> calls_;
  CallsUnderWay& under_way_;
  bool is_open_ = false;
  std::string connection_;
  grpc::ServerContext context_;
  ServerStream stream_{&context_};
  v1::CallFrames incoming_;
  StreamEvent<ServedStream> accepted_{&ServedStream::Accepted}, read_{&ServedStream::HasRead},
      written_{&ServedStream::Written}, finished_{&ServedStream::Finished};

  std::mutex mutex_;  // guards all below
  bool ending_ = false;
  bool finishing_ = false;
  bool broken_ = false;  // what is written does not arrive
  bool reads_ = false;
  size_t answering_ = 0;
  size_t answering_bytes_ = 0;
  Outbox outbox_;
};

void OpenStreams::Begins() {
  std::lock_guard lock(mutex_);
  ++count_;
}

void OpenStreams::IsGone() {
  std::lock_guard lock(mutex_);
  if (--count_ == 0) gone_.notify_all();
}

bool OpenStreams::Open(ServedStream* stream, const std::string& connection) {
  std::lock_guard lock(mutex_);
  open_.insert(stream);
  return ++of_connection_[connection] <= kStreamsOfAConnectionMax && !ending_;
}

void OpenStreams::Close(ServedStream* stream, const std::string& connection) {
  std::lock_guard lock(mutex_);
  open_.erase(stream);
  const auto count = of_connection_.find(connection);
  if (--count->second == 0) of_connection_.erase(count);
}

void OpenStreams::End() {
  std::lock_guard lock(mutex_);
  ending_ = true;
  for (ServedStream* stream : open_) stream->End();
}

void OpenStreams::WaitUntilAllAreGone() {
  std::unique_lock lock(mutex_);
  gone_.wait(lock, [this] { return count_ == 0; });
}

void ServeStreams(AcceptStream accept, std::shared_ptr<const CallTable> calls, CallsUnderWay& under_way) {
  std::make_shared<ServedStream>(std::move(accept), std::move(calls), under_way)->Accept();
}

}  // namespace nacre
