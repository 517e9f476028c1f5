// MetadataService: gRPC in, MdsApi call, gRPC out. Decides nothing. Call-backs run on gRPC's threads; the core hops to its
// strand by itself.
#pragma once

#include "common/api/mds_api.h"
#include "common/rpc/serve_call.h"
#include "mds.grpc.pb.h"

namespace nacre {

class MetadataService final : public v1::Mds::CallbackService {
 public:
  MetadataService(MdsApi& api, uint64_t boot_count) : calls_{api, boot_count} {}

  grpc::ServerUnaryReactor* Connect(grpc::CallbackServerContext* context, const v1::ConnectRequest* request,
                                v1::ConnectReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Connect);
  }
  grpc::ServerUnaryReactor* Disconnect(grpc::CallbackServerContext* context, const v1::DisconnectRequest* request,
                                v1::DisconnectReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Disconnect);
  }
  grpc::ServerUnaryReactor* Heartbeat(grpc::CallbackServerContext* context, const v1::HeartbeatRequest* request,
                                v1::HeartbeatReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Heartbeat);
  }
  grpc::ServerUnaryReactor* GrantFids(grpc::CallbackServerContext* context, const v1::GrantFidsRequest* request,
                                v1::GrantFidsReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::GrantFids);
  }
  grpc::ServerUnaryReactor* GetClusterMap(grpc::CallbackServerContext* context, const v1::GetClusterMapRequest* request,
                                v1::GetClusterMapReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::GetClusterMap);
  }
  grpc::ServerUnaryReactor* AnnounceTarget(grpc::CallbackServerContext* context, const v1::AnnounceTargetRequest* request,
                                v1::AnnounceTargetReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::AnnounceTarget);
  }
  grpc::ServerUnaryReactor* Ping(grpc::CallbackServerContext* context, const v1::MdsPingRequest* request,
                                v1::MdsPingReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Ping);
  }
  grpc::ServerUnaryReactor* Lookup(grpc::CallbackServerContext* context, const v1::LookupRequest* request,
                                v1::LookupReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Lookup);
  }
  grpc::ServerUnaryReactor* GetAttr(grpc::CallbackServerContext* context, const v1::GetAttrRequest* request,
                                v1::GetAttrReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::GetAttr);
  }
  grpc::ServerUnaryReactor* Readdir(grpc::CallbackServerContext* context, const v1::ReaddirRequest* request,
                                v1::ReaddirReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Readdir);
  }
  grpc::ServerUnaryReactor* GetPath(grpc::CallbackServerContext* context, const v1::GetPathRequest* request,
                                v1::GetPathReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::GetPath);
  }
  grpc::ServerUnaryReactor* Statfs(grpc::CallbackServerContext* context, const v1::StatfsRequest* request,
                                v1::StatfsReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Statfs);
  }
  grpc::ServerUnaryReactor* Open(grpc::CallbackServerContext* context, const v1::OpenRequest* request,
                                v1::OpenReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Open);
  }
  grpc::ServerUnaryReactor* Close(grpc::CallbackServerContext* context, const v1::CloseRequest* request,
                                v1::CloseReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Close);
  }
  grpc::ServerUnaryReactor* Truncate(grpc::CallbackServerContext* context, const v1::TruncateRequest* request,
                                v1::TruncateReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Truncate);
  }
  grpc::ServerUnaryReactor* Punch(grpc::CallbackServerContext* context, const v1::PunchFileRequest* request,
                                v1::PunchFileReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Punch);
  }
  grpc::ServerUnaryReactor* Make(grpc::CallbackServerContext* context, const v1::MakeRequest* request,
                                v1::MakeReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Make);
  }
  grpc::ServerUnaryReactor* Link(grpc::CallbackServerContext* context, const v1::LinkRequest* request,
                                v1::LinkReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Link);
  }
  grpc::ServerUnaryReactor* Unlink(grpc::CallbackServerContext* context, const v1::UnlinkRequest* request,
                                v1::UnlinkReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Unlink);
  }
  grpc::ServerUnaryReactor* Rename(grpc::CallbackServerContext* context, const v1::RenameRequest* request,
                                v1::RenameReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::Rename);
  }
  grpc::ServerUnaryReactor* SetAttr(grpc::CallbackServerContext* context, const v1::SetAttrRequest* request,
                                v1::SetAttrReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::SetAttr);
  }
  grpc::ServerUnaryReactor* GetXattrs(grpc::CallbackServerContext* context, const v1::GetXattrsRequest* request,
                                v1::GetXattrsReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::GetXattrs);
  }
  grpc::ServerUnaryReactor* SetXattr(grpc::CallbackServerContext* context, const v1::SetXattrRequest* request,
                                v1::SetXattrReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::SetXattr);
  }
  grpc::ServerUnaryReactor* SetPolicy(grpc::CallbackServerContext* context, const v1::SetPolicyRequest* request,
                                v1::SetPolicyReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::SetPolicy);
  }
  grpc::ServerUnaryReactor* SetLayout(grpc::CallbackServerContext* context, const v1::SetLayoutRequest* request,
                                v1::SetLayoutReply* reply) override {
    return calls_.Serve(context, request, reply, &MdsApi::SetLayout);
  }

 private:
  ServeCall<MdsApi> calls_;
};

}  // namespace nacre
