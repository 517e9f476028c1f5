#include "common/rpc/remote_mds.h"

#include "common/rpc/callee.h"
#include "mds.grpc.pb.h"

namespace nacre {
namespace {

class RemoteMds final : public MdsApi {
 public:
  RemoteMds(const std::string& address, RpcOptions options) : callee_(address, std::move(options)) {}

  Task<Result<v1::ConnectReply>> Connect(v1::ConnectRequest request) override {
    return callee_.Call("mds.Connect", std::move(request), &v1::Mds::Stub::PrepareAsyncConnect);
  }
  Task<Result<v1::ReopenReply>> Reopen(v1::ReopenRequest request) override {
    return callee_.Call("mds.Reopen", std::move(request), &v1::Mds::Stub::PrepareAsyncReopen);
  }
  Task<Result<v1::ReplayReply>> Replay(v1::ReplayRequest request) override {
    return callee_.Call("mds.Replay", std::move(request), &v1::Mds::Stub::PrepareAsyncReplay);
  }
  Task<Result<v1::EndReplayReply>> EndReplay(v1::EndReplayRequest request) override {
    return callee_.Call("mds.EndReplay", std::move(request), &v1::Mds::Stub::PrepareAsyncEndReplay);
  }
  Task<Result<v1::DisconnectReply>> Disconnect(v1::DisconnectRequest request) override {
    return callee_.Call("mds.Disconnect", std::move(request), &v1::Mds::Stub::PrepareAsyncDisconnect);
  }
  Task<Result<v1::MdsCommitReply>> Commit(v1::MdsCommitRequest request) override {
    return callee_.Call("mds.Commit", std::move(request), &v1::Mds::Stub::PrepareAsyncCommit);
  }
  Task<Result<v1::HeartbeatReply>> Heartbeat(v1::HeartbeatRequest request) override {
    return callee_.CallAlone("mds.Heartbeat", std::move(request), &v1::Mds::Stub::PrepareAsyncHeartbeat);
  }
  Task<Result<v1::GrantFidsReply>> GrantFids(v1::GrantFidsRequest request) override {
    return callee_.Call("mds.GrantFids", std::move(request), &v1::Mds::Stub::PrepareAsyncGrantFids);
  }
  Task<Result<v1::GetClusterMapReply>> GetClusterMap(v1::GetClusterMapRequest request) override {
    return callee_.Call("mds.GetClusterMap", std::move(request), &v1::Mds::Stub::PrepareAsyncGetClusterMap);
  }
  Task<Result<v1::AnnounceTargetReply>> AnnounceTarget(v1::AnnounceTargetRequest request) override {
    return callee_.Call("mds.AnnounceTarget", std::move(request), &v1::Mds::Stub::PrepareAsyncAnnounceTarget);
  }
  Task<Result<v1::MdsPingReply>> Ping(v1::MdsPingRequest request) override {
    return callee_.Call("mds.Ping", std::move(request), &v1::Mds::Stub::PrepareAsyncPing);
  }
  Task<Result<v1::LookupReply>> Lookup(v1::LookupRequest request) override {
    return callee_.Call("mds.Lookup", std::move(request), &v1::Mds::Stub::PrepareAsyncLookup);
  }
  Task<Result<v1::GetAttrReply>> GetAttr(v1::GetAttrRequest request) override {
    return callee_.Call("mds.GetAttr", std::move(request), &v1::Mds::Stub::PrepareAsyncGetAttr);
  }
  Task<Result<v1::ReaddirReply>> Readdir(v1::ReaddirRequest request) override {
    return callee_.Call("mds.Readdir", std::move(request), &v1::Mds::Stub::PrepareAsyncReaddir);
  }
  Task<Result<v1::GetPathReply>> GetPath(v1::GetPathRequest request) override {
    return callee_.Call("mds.GetPath", std::move(request), &v1::Mds::Stub::PrepareAsyncGetPath);
  }
  Task<Result<v1::StatfsReply>> Statfs(v1::StatfsRequest request) override {
    return callee_.Call("mds.Statfs", std::move(request), &v1::Mds::Stub::PrepareAsyncStatfs);
  }
  Task<Result<v1::OpenReply>> Open(v1::OpenRequest request) override {
    return callee_.Call("mds.Open", std::move(request), &v1::Mds::Stub::PrepareAsyncOpen);
  }
  Task<Result<v1::CloseReply>> Close(v1::CloseRequest request) override {
    return callee_.Call("mds.Close", std::move(request), &v1::Mds::Stub::PrepareAsyncClose);
  }
  Task<Result<v1::TruncateReply>> Truncate(v1::TruncateRequest request) override {
    return callee_.Call("mds.Truncate", std::move(request), &v1::Mds::Stub::PrepareAsyncTruncate);
  }
  Task<Result<v1::PunchFileReply>> Punch(v1::PunchFileRequest request) override {
    return callee_.Call("mds.Punch", std::move(request), &v1::Mds::Stub::PrepareAsyncPunch);
  }
  Task<Result<v1::MakeReply>> Make(v1::MakeRequest request) override {
    return callee_.Call("mds.Make", std::move(request), &v1::Mds::Stub::PrepareAsyncMake);
  }
  Task<Result<v1::LinkReply>> Link(v1::LinkRequest request) override {
    return callee_.Call("mds.Link", std::move(request), &v1::Mds::Stub::PrepareAsyncLink);
  }
  Task<Result<v1::UnlinkReply>> Unlink(v1::UnlinkRequest request) override {
    return callee_.Call("mds.Unlink", std::move(request), &v1::Mds::Stub::PrepareAsyncUnlink);
  }
  Task<Result<v1::RenameReply>> Rename(v1::RenameRequest request) override {
    return callee_.Call("mds.Rename", std::move(request), &v1::Mds::Stub::PrepareAsyncRename);
  }
  Task<Result<v1::SetAttrReply>> SetAttr(v1::SetAttrRequest request) override {
    return callee_.Call("mds.SetAttr", std::move(request), &v1::Mds::Stub::PrepareAsyncSetAttr);
  }
  Task<Result<v1::GetXattrsReply>> GetXattrs(v1::GetXattrsRequest request) override {
    return callee_.Call("mds.GetXattrs", std::move(request), &v1::Mds::Stub::PrepareAsyncGetXattrs);
  }
  Task<Result<v1::SetXattrReply>> SetXattr(v1::SetXattrRequest request) override {
    return callee_.Call("mds.SetXattr", std::move(request), &v1::Mds::Stub::PrepareAsyncSetXattr);
  }
  Task<Result<v1::SetPolicyReply>> SetPolicy(v1::SetPolicyRequest request) override {
    return callee_.Call("mds.SetPolicy", std::move(request), &v1::Mds::Stub::PrepareAsyncSetPolicy);
  }
  Task<Result<v1::SetLayoutReply>> SetLayout(v1::SetLayoutRequest request) override {
    return callee_.Call("mds.SetLayout", std::move(request), &v1::Mds::Stub::PrepareAsyncSetLayout);
  }
  Task<Result<v1::CheckReply>> Check(v1::CheckRequest request) override {
    return callee_.Call("mds.Check", std::move(request), &v1::Mds::Stub::PrepareAsyncCheck);
  }
  Task<Result<v1::MendReply>> Mend(v1::MendRequest request) override {
    return callee_.Call("mds.Mend", std::move(request), &v1::Mds::Stub::PrepareAsyncMend);
  }

 private:
  Callee<v1::Mds> callee_;
};

}  // namespace

std::shared_ptr<MdsApi> ConnectMds(const std::string& address, RpcOptions options) {
  return std::make_shared<RemoteMds>(address, std::move(options));
}

}  // namespace nacre
