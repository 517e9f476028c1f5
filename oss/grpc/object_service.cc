#include "oss/grpc/object_service.h"

#include <utility>

#include "common/rpc/bulk_codec.h"

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

Task<void> AnswerWrite(OssApi& api, const grpc::ByteBuffer* request, grpc::ByteBuffer* out, uint64_t boot_count,
                       grpc::ServerUnaryReactor* reactor) {
  Result<v1::WriteReply> result = co_await DecodeAndWrite(api, *request);
  v1::WriteReply reply;
  if (result.ok()) {
    reply = std::move(*result);
  } else {
    SetFailure(*reply.mutable_header(), result.status(), boot_count);
  }
  bool own_buffer = false;
  const grpc::Status status = grpc::SerializationTraits<v1::WriteReply>::Serialize(reply, out, &own_buffer);
  reactor->Finish(status);
}

Task<void> AnswerRead(OssApi& api, const grpc::ByteBuffer* request, grpc::ByteBuffer* out, uint64_t boot_count,
                      grpc::ServerUnaryReactor* reactor) {
  Result<ObjectPages> result = co_await DecodeAndRead(api, *request);
  ObjectPages pages;
  if (result.ok()) {
    pages = std::move(*result);
  } else {
    SetFailure(*pages.header.mutable_header(), result.status(), boot_count);
  }
  *out = EncodeReadReply(pages);
  reactor->Finish(grpc::Status::OK);
}

}  // namespace

grpc::ServerUnaryReactor* ObjectService::Write(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* reply) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Detach(AnswerWrite(api_, request, reply, boot_count_, reactor));
  return reactor;
}

grpc::ServerUnaryReactor* ObjectService::Read(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* reply) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Detach(AnswerRead(api_, request, reply, boot_count_, reactor));
  return reactor;
}

}  // namespace nacre
