#include "common/rpc/remote_oss.h"

#include "oss.grpc.pb.h"
#include "common/rpc/bulk_codec.h"
#include "common/rpc/callee.h"

namespace nacre {
namespace {

class RemoteOss final : public OssApi {
 public:
  RemoteOss(const std::string& address, RpcOptions options) : callee_(address, std::move(options)), generic_(callee_.channel()) {}

  Task<Result<v1::OssConnectReply>> Connect(v1::OssConnectRequest request) override {
    return callee_.Call("oss.Connect", std::move(request), &v1::Oss::Stub::PrepareAsyncConnect);
  }
  Task<Result<v1::OssEndReplayReply>> EndReplay(v1::OssEndReplayRequest request) override {
    return callee_.Call("oss.EndReplay", std::move(request), &v1::Oss::Stub::PrepareAsyncEndReplay);
  }
  Task<Result<v1::OssDisconnectReply>> Disconnect(v1::OssDisconnectRequest request) override {
    return callee_.Call("oss.Disconnect", std::move(request), &v1::Oss::Stub::PrepareAsyncDisconnect);
  }
  Task<Result<v1::SetSizeReply>> SetSize(v1::SetSizeRequest request) override {
    return callee_.Call("oss.SetSize", std::move(request), &v1::Oss::Stub::PrepareAsyncSetSize);
  }
  Task<Result<v1::PunchReply>> Punch(v1::PunchRequest request) override {
    return callee_.Call("oss.Punch", std::move(request), &v1::Oss::Stub::PrepareAsyncPunch);
  }
  Task<Result<v1::GlimpseReply>> Glimpse(v1::GlimpseRequest request) override {
    return callee_.Call("oss.Glimpse", std::move(request), &v1::Oss::Stub::PrepareAsyncGlimpse);
  }
  Task<Result<v1::DestroyReply>> Destroy(v1::DestroyRequest request) override {
    return callee_.Call("oss.Destroy", std::move(request), &v1::Oss::Stub::PrepareAsyncDestroy);
  }
  Task<Result<v1::ListObjectsReply>> ListObjects(v1::ListObjectsRequest request) override {
    return callee_.Call("oss.ListObjects", std::move(request), &v1::Oss::Stub::PrepareAsyncListObjects);
  }
  Task<Result<v1::CommitReply>> Commit(v1::CommitRequest request) override {
    return callee_.Call("oss.Commit", std::move(request), &v1::Oss::Stub::PrepareAsyncCommit);
  }
  Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest request) override {
    return callee_.Call("oss.Ping", std::move(request), &v1::Oss::Stub::PrepareAsyncPing);
  }

  Task<Result<v1::WriteReply>> Write(v1::WriteHeader header, CipherRunPtr run) override {
    const uint64_t deadline_ms = header.header().deadline_ms();
    grpc::ByteBuffer message = EncodeWrite(header, run);
    Result<grpc::ByteBuffer> answer = co_await CallBulk("oss.Write", "/nacre.v1.Oss/Write", deadline_ms, message);
    if (!answer.ok()) co_return answer.status();
    v1::WriteReply reply;
    if (!grpc::SerializationTraits<v1::WriteReply>::Deserialize(&*answer, &reply).ok()) {
      co_return Status(Code::kInvalid, callee_.address() + " answered a write with bytes that are no reply");
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
    if (!pages.ok()) co_return pages.status().With(callee_.address() + " answered a read");
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
    co_return co_await CallOnce<grpc::ByteBuffer>(callee_.address(), operation, callee_.options(), deadline_ms, start);
  }

  Callee<v1::Oss> callee_;
  grpc::GenericStub generic_;  // for pages: message bytes as slices
};

}  // namespace

std::shared_ptr<OssApi> ConnectOss(const std::string& address, RpcOptions options) {
  return std::make_shared<RemoteOss>(address, std::move(options));
}

}  // namespace nacre
