// MetadataService: gRPC in, MdsApi call, gRPC out. Decides nothing. Calls come on the loops' threads; the core hops to its
// strand by itself.
#pragma once

#include "common/api/mds_api.h"
#include "common/rpc/grpc_server.h"
#include "common/rpc/served_call.h"
#include "mds.grpc.pb.h"

namespace nacre {

class MetadataService final : public RpcService {
 public:
  MetadataService(MdsApi& api, uint64_t boot_count) : api_(api), boot_count_(boot_count) {}

  grpc::Service& generated() override { return generated_; }
  void TakeCalls(grpc::ServerCompletionQueue& queue, CallsUnderWay& under_way) override {
    MethodTable<Generated, MdsApi> table(generated_, api_, boot_count_, queue, under_way);
    table.Serve(&Generated::RequestConnect, &MdsApi::Connect);
    table.Serve(&Generated::RequestReopen, &MdsApi::Reopen);
    table.Serve(&Generated::RequestReplay, &MdsApi::Replay);
    table.Serve(&Generated::RequestEndReplay, &MdsApi::EndReplay);
    table.Serve(&Generated::RequestDisconnect, &MdsApi::Disconnect);
    table.Serve(&Generated::RequestCommit, &MdsApi::Commit);
    table.Serve(&Generated::RequestHeartbeat, &MdsApi::Heartbeat);
    table.Serve(&Generated::RequestGrantFids, &MdsApi::GrantFids);
    table.Serve(&Generated::RequestGetClusterMap, &MdsApi::GetClusterMap);
    table.Serve(&Generated::RequestAnnounceTarget, &MdsApi::AnnounceTarget);
    table.Serve(&Generated::RequestPing, &MdsApi::Ping);
    table.Serve(&Generated::RequestLookup, &MdsApi::Lookup);
    table.Serve(&Generated::RequestGetAttr, &MdsApi::GetAttr);
    table.Serve(&Generated::RequestReaddir, &MdsApi::Readdir);
    table.Serve(&Generated::RequestGetPath, &MdsApi::GetPath);
    table.Serve(&Generated::RequestStatfs, &MdsApi::Statfs);
    table.Serve(&Generated::RequestOpen, &MdsApi::Open);
    table.Serve(&Generated::RequestClose, &MdsApi::Close);
    table.Serve(&Generated::RequestTruncate, &MdsApi::Truncate);
    table.Serve(&Generated::RequestPunch, &MdsApi::Punch);
    table.Serve(&Generated::RequestMake, &MdsApi::Make);
    table.Serve(&Generated::RequestLink, &MdsApi::Link);
    table.Serve(&Generated::RequestUnlink, &MdsApi::Unlink);
    table.Serve(&Generated::RequestRename, &MdsApi::Rename);
    table.Serve(&Generated::RequestSetAttr, &MdsApi::SetAttr);
    table.Serve(&Generated::RequestGetXattrs, &MdsApi::GetXattrs);
    table.Serve(&Generated::RequestSetXattr, &MdsApi::SetXattr);
    table.Serve(&Generated::RequestSetPolicy, &MdsApi::SetPolicy);
    table.Serve(&Generated::RequestSetLayout, &MdsApi::SetLayout);
    table.Serve(&Generated::RequestCheck, &MdsApi::Check);
    table.Serve(&Generated::RequestMend, &MdsApi::Mend);
    table.ServeStreams(&Generated::RequestCalls);
  }

 private:
  using Generated = v1::Mds::AsyncService;

  MdsApi& api_;
  const uint64_t boot_count_;
  Generated generated_;
};

}  // namespace nacre
