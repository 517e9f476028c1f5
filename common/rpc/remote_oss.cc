#include "common/rpc/remote_oss.h"

#include "oss.grpc.pb.h"
#include "common/rpc/bulk_codec.h"

namespace nacre {
namespace {

class RemoteOss final : public OssApi {
 public:
  RemoteOss(const std::string& address, RpcOptions options)
      : address_(address), options_(std::move(options)), channel_(MakeChannel(address)), stub_(v1::Oss::NewStub(channel_)), generic_(channel_) {}

  Task<Result<v1::OssConnectReply>> Connect(v1::OssConnectRequest request) override {
    return Call("oss.Connect", std::move(request), &v1::Oss::Stub::PrepareAsyncConnect);
  }
  Task<Result<v1::OssEndReplayReply>> EndReplay(v1::OssEndReplayRequest request) override {
    return Call("oss.EndReplay", std::move(request), &v1::Oss::Stub::PrepareAsyncEndReplay);
  }
  Task<Result<v1::OssDisconnectReply>> Disconnect(v1::OssDisconnectRequest request) override {
    return Call("oss.Disconnect", std::move(request), &v1::Oss::Stub::PrepareAsyncDisconnect);
  }
  Task<Result<v1::SetSizeReply>> SetSize(v1::SetSizeRequest request) override {
    return Call("oss.SetSize", std::move(request), &v1::Oss::Stub::PrepareAsyncSetSize);
  }
  Task<Result<v1::PunchReply>> Punch(v1::PunchRequest request) override {
    return Call("oss.Punch", std::move(request), &v1::Oss::Stub::PrepareAsyncPunch);
  }
  Task<Result<v1::GlimpseReply>> Glimpse(v1::GlimpseRequest request) override {
    return Call("oss.Glimpse", std::move(request), &v1::Oss::Stub::PrepareAsyncGlimpse);
  }
  Task<Result<v1::DestroyReply>> Destroy(v1::DestroyRequest request) override {
    return Call("oss.Destroy", std::move(request), &v1::Oss::Stub::PrepareAsyncDestroy);
  }
  Task<Result<v1::ListObjectsReply>> ListObjects(v1::ListObjectsRequest request) override {
    return Call("oss.ListObjects", std::move(request), &v1::Oss::Stub::PrepareAsyncListObjects);
  }
  Task<Result<v1::CommitReply>> Commit(v1::CommitRequest request) override {
    return Call("oss.Commit", std::move(request), &v1::Oss::Stub::PrepareAsyncCommit);
  }
  Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest request) override {
    return Call("oss.Ping", std::move(request), &v1::Oss::Stub::PrepareAsyncPing);
  }

  Task<Result<v1::WriteReply>> Write(v1::WriteHeader header, CipherRunPtr run) override {
    const uint64_t deadline_ms = header.header().deadline_ms();
    grpc::ByteBuffer message = EncodeWrite(header, run);
    Result<grpc::ByteBuffer> answer = co_await CallBulk("oss.Write", "/nacre.v1.Oss/Write", deadline_ms, message);
    if (!answer.ok()) co_return answer.status();
    v1::WriteReply reply;
    if (!grpc::SerializationTraits<v1::WriteReply>::Deserialize(&*answer, &reply).ok()) {
      co_return Status(Code::kInvalid, address_ + " answered a write with bytes that are no reply");
    }
    const Status verdict = StatusOf(reply.header());
    if (!verdict.ok()) co_return verdict;
    co_return reply;
  }

  Task<Result<ObjectPages>> Read(v1::ReadRequest request) override {
    const uint64_t deadline_ms = request.header().deadline_ms();
    const grpc::Slice slice(request.SerializeAsString());
    grpc::ByteBuffer message(&slice, 1);
    Result<grpc::ByteBuffer> answer = co_await CallBulk("oss.Read", "/nacre.v1.Oss/Read", deadline_ms, message);
    if (!answer.ok()) co_return answer.status();
    Result<ObjectPages> pages = DecodeReadReply(*answer);
    if (!pages.ok()) co_return pages.status().With(address_ + " answered a read");
    const Status verdict = StatusOf(pages->header.header());
    if (!verdict.ok()) co_return verdict;
    co_return pages;
  }

 private:
  Task<Result<grpc::ByteBuffer>> CallBulk(std::string_view operation, const char* method, uint64_t deadline_ms,
                                          const grpc::ByteBuffer& message) {
    auto start = [this, method, &message](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
      return generic_.PrepareUnaryCall(context, method, message, queue);
    };
    co_return co_await CallOnce<grpc::ByteBuffer>(address_, operation, options_, deadline_ms, start);
  }

  template <typename Request, typename Reply>
  Task<Result<Reply>> Call(std::string_view operation, Request request, PrepareCall<v1::Oss::Stub, Request, Reply> prepare) {
    const uint64_t deadline_ms = request.header().deadline_ms();
    auto start = [stub = stub_.get(), prepare, &request](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
      return (stub->*prepare)(context, request, queue);
    };
    Result<Reply> reply = co_await CallOnce<Reply>(address_, operation, options_, deadline_ms, start);
    if (!reply.ok()) co_return reply;
    const Status verdict = StatusOf(reply->header());
    if (!verdict.ok()) co_return verdict;
    co_return reply;
  }

  const std::string address_;
  const RpcOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Oss::Stub> stub_;
  grpc::GenericStub generic_;  // for pages: message bytes as slices
};

}  // namespace

std::shared_ptr<OssApi> ConnectOss(const std::string& address, RpcOptions options) {
  return std::make_shared<RemoteOss>(address, std::move(options));
}

}  // namespace nacre
