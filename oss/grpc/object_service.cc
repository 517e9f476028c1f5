#include "oss/grpc/object_service.h"

#include <utility>

#include "common/rpc/bulk_codec.h"
#include "common/rpc/served_call.h"

namespace nacre {
namespace {

Task<Result<v1::WriteReply>> DecodeAndWrite(OssApi& api, const grpc::ByteBuffer& request) {
  Result<WriteCall> call = DecodeWrite(request);
  if (!call.ok()) co_return call.status();
  co_return co_await api.Write(std::move(call->header), std::move(call->run));
}

Task<Result<ObjectPages>> DecodeAndRead(OssApi& api, grpc::ByteBuffer request) {
  v1::ReadRequest read;
  if (!grpc::SerializationTraits<v1::ReadRequest>::Deserialize(&request, &read).ok()) {
    co_return Status(Code::kInvalid, "read request cannot be parsed");
  }
  co_return co_await api.Read(std::move(read));
}

Task<grpc::ByteBuffer> AnswerWrite(OssApi* api, const grpc::ByteBuffer* request, uint64_t boot_count) {
  Result<v1::WriteReply> result = co_await DecodeAndWrite(*api, *request);
  v1::WriteReply reply;
  if (result.ok()) {
    reply = *std::move(result);
  } else {
    SetFailure(*reply.mutable_header(), result.status(), boot_count);
  }
  const grpc::Slice slice(reply.SerializeAsString());
  co_return grpc::ByteBuffer(&slice, 1);
}

Task<grpc::ByteBuffer> AnswerRead(OssApi* api, const grpc::ByteBuffer* request, uint64_t boot_count) {
  Result<ObjectPages> result = co_await DecodeAndRead(*api, *request);
  ObjectPages pages;
  if (result.ok()) {
    pages = *std::move(result);
  } else {
    SetFailure(*pages.header.mutable_header(), result.status(), boot_count);
  }
  co_return EncodeReadReply(pages);
}

}  // namespace

void ObjectService::TakeCalls(grpc::ServerCompletionQueue& queue, CallsUnderWay& under_way) {
  MethodTable<Generated, OssApi> table(generated_, api_, boot_count_, queue, under_way);
  table.ServeBy(&Generated::RequestWrite, [api = &api_, boot_count = boot_count_](const grpc::ByteBuffer* request) {
    return AnswerWrite(api, request, boot_count);
  });
  table.ServeBy(&Generated::RequestRead, [api = &api_, boot_count = boot_count_](const grpc::ByteBuffer* request) {
    return AnswerRead(api, request, boot_count);
  });
  table.Serve(&Generated::RequestConnect, &OssApi::Connect);
  table.Serve(&Generated::RequestEndReplay, &OssApi::EndReplay);
  table.Serve(&Generated::RequestDisconnect, &OssApi::Disconnect);
  table.Serve(&Generated::RequestSetSize, &OssApi::SetSize);
  table.Serve(&Generated::RequestPunch, &OssApi::Punch);
  table.Serve(&Generated::RequestGlimpse, &OssApi::Glimpse);
  table.Serve(&Generated::RequestDestroy, &OssApi::Destroy);
  table.Serve(&Generated::RequestListObjects, &OssApi::ListObjects);
  table.Serve(&Generated::RequestCommit, &OssApi::Commit);
  table.Serve(&Generated::RequestPing, &OssApi::Ping);
  table.ServeStreams(&Generated::RequestCalls);
}

}  // namespace nacre
