// MdsApi: what a metadata server can be asked, one call an RPC (proto/mds.proto says what each means). The server's core
// implements it; clients call it; gRPC (common/rpc/remote_mds.h) is one adapter in between, the simulator another.
//
// Calls may come from any thread; the answer's Task ends on a thread of the implementation's choice. A failed Result is
// either the server's verdict (any code) or, with kUnavailable, that no answer came: then the request may have been done.
#pragma once

#include "common/base/status.h"
#include "common/base/task.h"
#include "mds.pb.h"

namespace nacre {

class MdsApi {
 public:
  virtual ~MdsApi() = default;

  virtual Task<Result<v1::ConnectReply>> Connect(v1::ConnectRequest request) = 0;
  virtual Task<Result<v1::ReopenReply>> Reopen(v1::ReopenRequest request) = 0;
  virtual Task<Result<v1::ReplayReply>> Replay(v1::ReplayRequest request) = 0;
  virtual Task<Result<v1::EndReplayReply>> EndReplay(v1::EndReplayRequest request) = 0;
  virtual Task<Result<v1::DisconnectReply>> Disconnect(v1::DisconnectRequest request) = 0;
  virtual Task<Result<v1::MdsCommitReply>> Commit(v1::MdsCommitRequest request) = 0;
  virtual Task<Result<v1::HeartbeatReply>> Heartbeat(v1::HeartbeatRequest request) = 0;
  virtual Task<Result<v1::GrantFidsReply>> GrantFids(v1::GrantFidsRequest request) = 0;
  virtual Task<Result<v1::GetClusterMapReply>> GetClusterMap(v1::GetClusterMapRequest request) = 0;
  virtual Task<Result<v1::AnnounceTargetReply>> AnnounceTarget(v1::AnnounceTargetRequest request) = 0;
  virtual Task<Result<v1::MdsPingReply>> Ping(v1::MdsPingRequest request) = 0;

  virtual Task<Result<v1::LookupReply>> Lookup(v1::LookupRequest request) = 0;
  virtual Task<Result<v1::GetAttrReply>> GetAttr(v1::GetAttrRequest request) = 0;
  virtual Task<Result<v1::ReaddirReply>> Readdir(v1::ReaddirRequest request) = 0;
  virtual Task<Result<v1::GetPathReply>> GetPath(v1::GetPathRequest request) = 0;
  virtual Task<Result<v1::StatfsReply>> Statfs(v1::StatfsRequest request) = 0;

  virtual Task<Result<v1::OpenReply>> Open(v1::OpenRequest request) = 0;
  virtual Task<Result<v1::CloseReply>> Close(v1::CloseRequest request) = 0;
  virtual Task<Result<v1::TruncateReply>> Truncate(v1::TruncateRequest request) = 0;
  virtual Task<Result<v1::PunchFileReply>> Punch(v1::PunchFileRequest request) = 0;

  virtual Task<Result<v1::MakeReply>> Make(v1::MakeRequest request) = 0;
  virtual Task<Result<v1::LinkReply>> Link(v1::LinkRequest request) = 0;
  virtual Task<Result<v1::UnlinkReply>> Unlink(v1::UnlinkRequest request) = 0;
  virtual Task<Result<v1::RenameReply>> Rename(v1::RenameRequest request) = 0;

  virtual Task<Result<v1::SetAttrReply>> SetAttr(v1::SetAttrRequest request) = 0;
  virtual Task<Result<v1::GetXattrsReply>> GetXattrs(v1::GetXattrsRequest request) = 0;
  virtual Task<Result<v1::SetXattrReply>> SetXattr(v1::SetXattrRequest request) = 0;
  virtual Task<Result<v1::SetPolicyReply>> SetPolicy(v1::SetPolicyRequest request) = 0;
  virtual Task<Result<v1::SetLayoutReply>> SetLayout(v1::SetLayoutRequest request) = 0;

  virtual Task<Result<v1::CheckReply>> Check(v1::CheckRequest request) = 0;
  virtual Task<Result<v1::MendReply>> Mend(v1::MendRequest request) = 0;
};

}  // namespace nacre
