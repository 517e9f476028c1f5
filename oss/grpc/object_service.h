// ObjectService: gRPC in, OssApi call, gRPC out. Decides nothing. Write and Read are raw: their pages stay in gRPC's slices
// (common/rpc/bulk_codec.h). Call-backs run on gRPC's threads; the core hops to its strand by itself.
#pragma once

#include "common/api/oss_api.h"
#include "common/rpc/serve_call.h"
#include "oss.grpc.pb.h"

namespace nacre {

class ObjectService final
    : public v1::Oss::WithRawCallbackMethod_Write<v1::Oss::WithRawCallbackMethod_Read<v1::Oss::CallbackService>> {
 public:
  ObjectService(OssApi& api, uint64_t boot_count) : api_(api), boot_count_(boot_count), calls_{api, boot_count} {}

  grpc::ServerUnaryReactor* Write(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* reply) override;
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                 grpc::ByteBuffer* reply) override;

  grpc::ServerUnaryReactor* Connect(grpc::CallbackServerContext* context, const v1::OssConnectRequest* request,
                                v1::OssConnectReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::Connect);
  }
  grpc::ServerUnaryReactor* Disconnect(grpc::CallbackServerContext* context, const v1::OssDisconnectRequest* request,
                                v1::OssDisconnectReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::Disconnect);
  }
  grpc::ServerUnaryReactor* SetSize(grpc::CallbackServerContext* context, const v1::SetSizeRequest* request,
                                v1::SetSizeReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::SetSize);
  }
  grpc::ServerUnaryReactor* Punch(grpc::CallbackServerContext* context, const v1::PunchRequest* request,
                                v1::PunchReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::Punch);
  }
  grpc::ServerUnaryReactor* Glimpse(grpc::CallbackServerContext* context, const v1::GlimpseRequest* request,
                                v1::GlimpseReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::Glimpse);
  }
  grpc::ServerUnaryReactor* Destroy(grpc::CallbackServerContext* context, const v1::DestroyRequest* request,
                                v1::DestroyReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::Destroy);
  }
  grpc::ServerUnaryReactor* Commit(grpc::CallbackServerContext* context, const v1::CommitRequest* request,
                                v1::CommitReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::Commit);
  }
  grpc::ServerUnaryReactor* Ping(grpc::CallbackServerContext* context, const v1::OssPingRequest* request,
                                v1::OssPingReply* reply) override {
    return calls_.Serve(context, request, reply, &OssApi::Ping);
  }

 private:
  OssApi& api_;
  const uint64_t boot_count_;
  ServeCall<OssApi> calls_;
};

}  // namespace nacre
