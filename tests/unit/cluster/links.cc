#include "tests/unit/cluster/links.h"

#include <optional>
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

// The first answer counts: the server's, or that it died.
template <typename Reply>
struct Answer {
  OneShot<Result<Reply>> shot;
  bool given = false;
  void Give(Result<Reply> reply) {
    if (std::exchange(given, true)) return;
    shot.Set(std::move(reply));
  }
};

template <typename Reply, typename Api, typename Start>
Task<void> RunInside(SimLoop* loop, Api* server, std::shared_ptr<void> kept, Start start,
                     std::shared_ptr<Answer<Reply>> answer) {
  Result<Reply> reply = co_await start(*server);
  co_await Hop(*loop);
  kept = nullptr;  // the server may go now
  answer->Give(std::move(reply));
}

// What the server that is there now answers, unless it dies before. The call goes on inside a dead one: nobody hears it.
template <typename Reply, typename Api, typename Start>
Task<Result<Reply>> Ask(SimLoop* loop, std::shared_ptr<Place<Api>> place, Start start) {
  if (place->server == nullptr) co_return Status(Code::kUnavailable, "nobody listens there");
  const auto answer = std::make_shared<Answer<Reply>>();
  const uint64_t number = ++place->callers;
  place->when_it_dies[number] = [answer] { answer->Give(Status(Code::kUnavailable, "the server died")); };
  Detach(RunInside<Reply>(loop, place->server, place->keeps, std::move(start), answer));
  Result<Reply> reply = co_await answer->shot;
  place->when_it_dies.erase(number);
  co_await Hop(*loop);
  co_return reply;
}

// The network delivers a request a second time: to whoever is there by then. Nobody hears the answer.
template <typename Reply, typename Api, typename Start>
Task<void> DeliverCopy(SimLoop* loop, std::shared_ptr<Place<Api>> place, Duration delay, Start start) {
  co_await Sleep(*loop, *loop, delay);
  (void)co_await Ask<Reply>(loop, std::move(place), std::move(start));
}

template <typename Reply, typename Api, typename Start>
Task<Result<Reply>> Travel(SimLoop* loop, std::shared_ptr<Place<Api>> place, const CallLog* log, std::string name,
                           CallLog::Journey journey, Start start) {
  if (journey.copy) Detach(DeliverCopy<Reply>(loop, place, *journey.copy, start));
  if (journey.there.count() > 0) co_await Sleep(*loop, *loop, journey.there);
  co_await Hop(*loop);
  if (journey.loss == CallLog::Loss::kRequest) {
    if (log->at_loss) log->at_loss(name);
    if (journey.back.count() > 0) co_await Sleep(*loop, *loop, journey.back);
    co_return Status(Code::kUnavailable, "the request was lost");
  }
  Result<Reply> reply = co_await Ask<Reply>(loop, std::move(place), std::move(start));
  if (journey.back.count() > 0) co_await Sleep(*loop, *loop, journey.back);
  if (journey.loss == CallLog::Loss::kReply || log->IsCut(name)) {
    if (log->at_loss) log->at_loss(name);
    co_return Status(Code::kUnavailable, "the reply was lost");
  }
  if (!reply.ok()) co_return AsSeenBehindTheWire(reply.status());
  if constexpr (std::is_base_of_v<google::protobuf::Message, Reply>) {
    if (log->tamper) log->tamper(name, *reply);
  }
  co_return reply;
}

template <typename Reply, typename Api, typename Start>
Task<Result<Reply>> Carry(SimLoop* loop, std::shared_ptr<Place<Api>> place, const CallLog* log, std::string name,
                          v1::RequestHeader header, CallLog::Journey journey, Start start) {
  Result<Reply> reply = co_await Travel<Reply>(loop, std::move(place), log, name, journey, std::move(start));
  if (log->watcher != nullptr) log->watcher->Answered(name, header, reply.status());
  co_return reply;
}

// NOLINTBEGIN(bugprone-macro-parentheses): the arguments are types and names.
// One call of either API that is a plain message each way.
#define NACRE_LINK_CALL(prefix, api, method, request_type, reply_type)                                  \
  Task<Result<v1::reply_type>> method(v1::request_type request) override {                              \
    const CallLog::Journey journey = log_->Note(prefix #method, request, nullptr, caller_.get());       \
    const v1::RequestHeader header = request.header();                                                  \
    auto start = [request = std::move(request)](api& server) { return server.method(request); };        \
    return Carry<v1::reply_type>(loop_, place_, log_, prefix #method, header, journey, std::move(start)); \
  }

// NOLINTEND(bugprone-macro-parentheses)

class MdsLink final : public MdsApi {
 public:
  MdsLink(SimLoop* loop, std::shared_ptr<Place<MdsApi>> place, CallLog* log)
      : loop_(loop), place_(std::move(place)), log_(log) {}

  NACRE_LINK_CALL("mds.", MdsApi, Connect, ConnectRequest, ConnectReply)
  NACRE_LINK_CALL("mds.", MdsApi, Reopen, ReopenRequest, ReopenReply)
  Task<Result<v1::ReplayReply>> Replay(v1::ReplayRequest request) override {
    for (const v1::ReplayRequest::Change& change : request.changes()) NoteReplayed(change);
    const CallLog::Journey journey = log_->Note("mds.Replay", request, nullptr, caller_.get());
    const v1::RequestHeader header = request.header();
    auto start = [request = std::move(request)](MdsApi& server) { return server.Replay(request); };
    return Carry<v1::ReplayReply>(loop_, place_, log_, "mds.Replay", header, journey, std::move(start));
  }
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
  void NoteReplayed(const v1::ReplayRequest::Change& change) {
    using Change = v1::ReplayRequest::Change;
    switch (change.request_case()) {
      case Change::kOpen: return log_->NoteReplayed("mds.Open", change.open());
      case Change::kClose: return log_->NoteReplayed("mds.Close", change.close());
      case Change::kMake: return log_->NoteReplayed("mds.Make", change.make());
      case Change::kLink: return log_->NoteReplayed("mds.Link", change.link());
      case Change::kUnlink: return log_->NoteReplayed("mds.Unlink", change.unlink());
      case Change::kRename: return log_->NoteReplayed("mds.Rename", change.rename());
      case Change::kSetAttr: return log_->NoteReplayed("mds.SetAttr", change.set_attr());
      case Change::kSetXattr: return log_->NoteReplayed("mds.SetXattr", change.set_xattr());
      case Change::kSetLayout: return log_->NoteReplayed("mds.SetLayout", change.set_layout());
      case Change::kMend: return log_->NoteReplayed("mds.Mend", change.mend());
      case Change::kTruncate:
      case Change::kPunch:
      case Change::kSetPolicy:
      case Change::kGrantFids:
      case Change::REQUEST_NOT_SET: break;
    }
    ADD_FAILURE() << "is stable before it is answered, but is replayed: " << change.ShortDebugString();
  }

  SimLoop* const loop_;
  const std::shared_ptr<Place<MdsApi>> place_;
  CallLog* const log_;
  const std::shared_ptr<const CallerLife> caller_;
};

class OssLink final : public OssApi {
 public:
  OssLink(SimLoop* loop, std::shared_ptr<Place<OssApi>> place, CallLog* log, std::shared_ptr<const CallerLife> caller)
      : loop_(loop), place_(std::move(place)), log_(log), caller_(std::move(caller)) {}

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
    const CallLog::Journey journey = log_->Note("oss.Write", header, run, caller_.get());
    const v1::RequestHeader common = header.header();
    auto start = [header = std::move(header), run = std::move(run)](OssApi& server) { return server.Write(header, run); };
    return Carry<v1::WriteReply>(loop_, place_, log_, "oss.Write", common, journey, std::move(start));
  }
  Task<Result<ObjectPages>> Read(v1::ReadRequest request) override {
    const CallLog::Journey journey = log_->Note("oss.Read", request, nullptr, caller_.get());
    const v1::RequestHeader header = request.header();
    auto start = [request = std::move(request)](OssApi& server) { return server.Read(request); };
    return Carry<ObjectPages>(loop_, place_, log_, "oss.Read", header, journey, std::move(start));
  }

 private:
  SimLoop* const loop_;
  const std::shared_ptr<Place<OssApi>> place_;
  CallLog* const log_;
  const std::shared_ptr<const CallerLife> caller_;
};

#undef NACRE_LINK_CALL

}  // namespace

std::shared_ptr<MdsApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<MdsApi>> place, CallLog* log) {
  return std::make_shared<MdsLink>(loop, std::move(place), log);
}
std::shared_ptr<OssApi> MakeLink(SimLoop* loop, std::shared_ptr<Place<OssApi>> place, CallLog* log,
                                 std::shared_ptr<const CallerLife> caller) {
  return std::make_shared<OssLink>(loop, std::move(place), log, std::move(caller));
}

}  // namespace nacre
