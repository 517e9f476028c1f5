// MetadataServer: MdsApi over a key-value store: the frame around the operations (ops/operations.h). Every request is
// checked, run on the strand, counted, and answered when what it relies on is stable; its own change mostly becomes so later.
//
// Life: the store is opened with MdsFamilies() and formatted (format.h); construct; Start(); calls from any thread, each
// ends on the strand; BeginStop(); no more calls; Stop(); destroy.
#pragma once

#include "common/api/mds_api.h"
#include "mds/core/core.h"

namespace nacre {

class MetadataServer final : public MdsApi {
 public:
  MetadataServer(MdsOptions options, const MdsSeams& seams) : core_(std::move(options), seams) {}

  // Reads the store (blocks), takes up what the last life left unfinished, starts the clockwork.
  Task<Status> Start();
  // Calls that wait for an OST which does not answer give up from now on (kUnavailable), however long they would wait; what
  // they began is taken up by the next Start().
  Task<void> BeginStop();
  // Ends when nothing goes on in the background any more. What is unfinished is taken up by the next Start().
  Task<void> Stop();
  const std::string& fsid() const { return core_.fsid; }  // after Start()

  Task<Result<v1::ConnectReply>> Connect(v1::ConnectRequest request) override;
  Task<Result<v1::ReopenReply>> Reopen(v1::ReopenRequest request) override;
  Task<Result<v1::ReplayReply>> Replay(v1::ReplayRequest request) override;
  Task<Result<v1::EndReplayReply>> EndReplay(v1::EndReplayRequest request) override;
  Task<Result<v1::DisconnectReply>> Disconnect(v1::DisconnectRequest request) override;
  Task<Result<v1::MdsCommitReply>> Commit(v1::MdsCommitRequest request) override;
  Task<Result<v1::HeartbeatReply>> Heartbeat(v1::HeartbeatRequest request) override;
  Task<Result<v1::GrantFidsReply>> GrantFids(v1::GrantFidsRequest request) override;
  Task<Result<v1::GetClusterMapReply>> GetClusterMap(v1::GetClusterMapRequest request) override;
  Task<Result<v1::AnnounceTargetReply>> AnnounceTarget(v1::AnnounceTargetRequest request) override;
  Task<Result<v1::MdsPingReply>> Ping(v1::MdsPingRequest request) override;
  Task<Result<v1::LookupReply>> Lookup(v1::LookupRequest request) override;
  Task<Result<v1::GetAttrReply>> GetAttr(v1::GetAttrRequest request) override;
  Task<Result<v1::ReaddirReply>> Readdir(v1::ReaddirRequest request) override;
  Task<Result<v1::GetPathReply>> GetPath(v1::GetPathRequest request) override;
  Task<Result<v1::StatfsReply>> Statfs(v1::StatfsRequest request) override;
  Task<Result<v1::OpenReply>> Open(v1::OpenRequest request) override;
  Task<Result<v1::CloseReply>> Close(v1::CloseRequest request) override;
  Task<Result<v1::TruncateReply>> Truncate(v1::TruncateRequest request) override;
  Task<Result<v1::PunchFileReply>> Punch(v1::PunchFileRequest request) override;
  Task<Result<v1::MakeReply>> Make(v1::MakeRequest request) override;
  Task<Result<v1::LinkReply>> Link(v1::LinkRequest request) override;
  Task<Result<v1::UnlinkReply>> Unlink(v1::UnlinkRequest request) override;
  Task<Result<v1::RenameReply>> Rename(v1::RenameRequest request) override;
  Task<Result<v1::SetAttrReply>> SetAttr(v1::SetAttrRequest request) override;
  Task<Result<v1::GetXattrsReply>> GetXattrs(v1::GetXattrsRequest request) override;
  Task<Result<v1::SetXattrReply>> SetXattr(v1::SetXattrRequest request) override;
  Task<Result<v1::SetPolicyReply>> SetPolicy(v1::SetPolicyRequest request) override;
  Task<Result<v1::SetLayoutReply>> SetLayout(v1::SetLayoutRequest request) override;
  Task<Result<v1::CheckReply>> Check(v1::CheckRequest request) override;
  Task<Result<v1::MendReply>> Mend(v1::MendRequest request) override;

 private:
  Task<void> Tick();

  Core core_;
};

}  // namespace nacre
