#include "tests/unit/cluster/links.h"

#include <string>
#include <type_traits>
#include <utility>

#include "common/wire/wire.h"

namespace nacre {
namespace {

Status AsSeenBehindTheWire(const Status& status) {
  v1::ReplyHeader header;
  SetStatus(header, status);
  return StatusOf(header);
}

template <typename Reply, typename Api, typename Start>
Task<Result<Reply>> Carry(SimLoop* loop, std::shared_ptr<Place<Api>> place, const CallLog* log, std::string name,
                          CallLog::Loss loss, Start start) {
  co_await Hop(*loop);
  if (loss == CallLog::Loss::kRequest) {
    if (log->at_loss) log->at_loss(name);
    co_return Status(Code::kUnavailable, "the request was lost");
  }
  if (place->server == nullptr) co_return Status(Code::kUnavailable, "nobody listens there");
  const uint64_t life = place->life;
  Result<Reply> reply = co_await start(*place->server);
  co_await Hop(*loop);
  if (place->life != life) co_return Status(Code::kUnavailable, "the server died");
  if (loss == CallLog::Loss::kReply) {
    if (log->at_loss) log->at_loss(name);
    co_return Status(Code::kUnavailable, "the reply was lost");
  }
  if (!reply.ok()) co_return AsSeenBehindTheWire(reply.status());
  if constexpr (std::is_base_of_v<google::protobuf::Message, Reply>) {
    if (log->tamper) log->tamper(name, *reply);
  }
  co_return reply;
}

// NOLINTBEGIN(bugprone-macro-parentheses): the arguments are types and names.
// One call of either API that is a plain message each way.
#define NACRE_LINK_CALL(prefix, api, method, request_type, reply_type)                                  \
  Task<Result<v1::reply_type>> method(v1::request_type request) override {                              \
    const CallLog::Loss loss = log_->Note(prefix #method, request, nullptr);                            \
    auto start = [request = std::move(request)](api& server) { return server.method(request); };        \
    return Carry<v1::reply_type>(loop_, place_, log_, prefix #method, loss, std::move(start));          \
  }

// NOLINTEND(bugprone-macro-parentheses)

class MdsLink final : public MdsApi {
 public:
  MdsLink(SimLoop* loop, std::shared_ptr<Place<MdsApi>> place, CallLog* log)
      : loop_(loop), place_(std::move(place)), log_(log) {}

  NACRE_LINK_CALL("mds.", MdsApi, Connect, ConnectRequest, ConnectReply)
  NACRE_LINK_CALL("mds.", MdsApi, Reopen, ReopenRequest, ReopenReply)
  NACRE_LINK_CALL("mds.", MdsApi, EndReplay, EndReplayRequest, EndReplayReply)
  NACRE_LINK_CALL("mds.", MdsApi, Disconnect, DisconnectRequest, DisconnectReply)
  NACRE_LINK_CALL("mds.", MdsApi, Commit, MdsCommitRequest, MdsCommitReply)
  NACRE_LINK_CALL("mds.", MdsApi, Heartbeat, HeartbeatRequest, HeartbeatReply)
  NACRE_LINK_CALL("mds.", MdsApi, GrantFids, GrantFidsRequest, GrantFidsReply)
  NACRE_LINK_CALL("mds.", MdsApi, GetClusterMap, GetClusterMapRequest, GetClusterMapReply)
  NACRE_LINK_CALL("mds.", MdsApi, AnnounceTarget, AnnounceTargetRequest, AnnounceTargetReply)
  NACRE_LINK_CALL("mds.", MdsApi, Ping, MdsPingRequest, MdsPingReply)
  NACRE_LINK_CALL("mds.", MdsApi, Lookup, LookupRequest, LookupReply)
  NACRE_LINK_CALL("mds.", MdsApi, GetAttr, GetAttrRequest, GetAttrReply)
  NACRE_LINK_CALL("mds.", MdsApi, Readdir, ReaddirRequest, ReaddirReply)
  NACRE_LINK_CALL("mds.", MdsApi, GetPath, GetPathRequest, GetPathReply)
  NACRE_LINK_CALL("mds.", MdsApi, Statfs, StatfsRequest, StatfsReply)
  NACRE_LINK_CALL("mds.", MdsApi, Open, OpenRequest, OpenReply)
  NACRE_LINK_CALL("mds.", MdsApi, Close, CloseRequest, CloseReply)
  NACRE_LINK_CALL("mds.", MdsApi, Truncate, TruncateRequest, TruncateReply)
  NACRE_LINK_CALL("mds.", MdsApi, Punch, PunchFileRequest, PunchFileReply)
  NACRE_LINK_CALL("mds.", MdsApi, Make, MakeRequest, MakeReply)
  NACRE_LINK_CALL("mds.", MdsApi, Link, LinkRequest, LinkReply)
  NACRE_LINK_CALL("mds.", MdsApi, Unlink, UnlinkRequest, UnlinkReply)
  NACRE_LINK_CALL("mds.", MdsApi, Rename, RenameRequest, RenameReply)
  NACRE_LINK_CALL("mds.", MdsApi, SetAttr, SetAttrRequest, SetAttrReply)
  NACRE_LINK_CALL("mds.", MdsApi, GetXattrs, GetXattrsRequest, GetXattrsReply)
  NACRE_LINK_CALL("mds.", MdsApi, SetXattr, SetXattrRequest, SetXattrReply)
  NACRE_LINK_CALL("mds.", MdsApi, SetPolicy, SetPolicyRequest, SetPolicyReply)
  NACRE_LINK_CALL("mds.", MdsApi, SetLayout, SetLayoutRequest, SetLayoutReply)
  NACRE_LINK_CALL("mds.", MdsApi, Check, CheckRequest, CheckReply)
  NACRE_LINK_CALL("mds.", MdsApi, Mend, MendRequest, MendReply)

 private:
  SimLoop* const loop_;
  const std::shared_ptr<Place<MdsApi>> place_;
  CallLog* const log_;
};

class OssLink final : public OssApi {
 public:
  OssLink(SimLoop* loop, std::shared_ptr<Place<OssApi>> place, CallLog* log)
      : loop_(loop), place_(std::move(place)), log_(log) {}

  NACRE_LINK_CALL("oss.", OssApi, Connect, OssConnectRequest, OssConnectReply)
  NACRE_LINK_CALL("oss.", OssApi, EndReplay, OssEndReplayRequest, OssEndReplayReply)
  NACRE_LINK_CALL("oss.", OssApi, Disconnect, OssDisconnectRequest, OssDisconnectReply)
  NACRE_LINK_CALL("oss.", OssApi, SetSize, SetSizeRequest, SetSizeReply)
  NACRE_LINK_CALL("oss.", OssApi, Punch, PunchRequest, PunchReply)
  NACRE_LINK_CALL("oss.", OssApi, Glimpse, GlimpseRequest, GlimpseReply)
  NACRE_LINK_CALL("oss.", OssApi, Destroy, DestroyRequest, DestroyReply)
  NACRE_LINK_CALL("oss.", OssApi, ListObjects, ListObjectsRequest, ListObjectsReply)
  NACRE_LINK_CALL("oss.", OssApi, Commit, CommitRequest, CommitReply)
  NACRE_LINK_CALL("oss.", OssApi, Ping, OssPingRequest, OssPingReply)

  Task<Result<v1::WriteReply>> Write(v1::WriteHeader header, CipherRunPtr run) override {
    const CallLog::Loss loss = log_->Note("oss.Write", header, run);
    auto start = [header = std::move(header), run = std::move(run)](OssApi& server) { return server.Write(header, run); };
    return Carry<v1::WriteReply>(loop_, place_, log_, "oss.Write", loss, std::move(start));
  }
  Task<Result<ObjectPages>> Read(v1::ReadRequest request) override {
    const CallLog::Loss loss = log_->Note("oss.Read", request, nullptr);
    auto start = [request = std::move(request)](OssApi& server) { return server.Read(request); };
    return Carry<ObjectPages>(loop_, place_, log_, "oss.Read", loss, std::move(start));
  }

 private:
  SimLoop* const loop_;
  const std::shared_ptr<Place<OssApi>> place_;
  CallLog* const log_;
};

#undef NACRE_LINK_CALL

}  // namespace

std::shared_ptr<MdsApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<MdsApi>> place, CallLog* log) {
  return std::make_shared<MdsLink>(loop, std::move(place), log);
}
std::shared_ptr<OssApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<OssApi>> place, CallLog* log) {
  return std::make_shared<OssLink>(loop, std::move(place), log);
}

}  // namespace nacre
