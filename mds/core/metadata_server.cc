#include "mds/core/metadata_server.h"

#include <algorithm>

#include "common/base/planted_bug.h"
#include "common/wire/wire.h"
#include "mds/core/files.h"
#include "mds/core/format.h"
#include "mds/core/intents.h"
#include "mds/core/ops/operations.h"
#include "mds/core/recovery.h"
#include "mds/core/replays.h"
#include "mds/core/resends.h"

namespace nacre {
namespace {

// What stands before and behind an operation.
enum class Kind {
  kOpenToAll,  // needs no session
  kReturn,     // needs a session; also while the server recovers: part of coming back, or of leaving
  kRead,       // needs a session; done again when sent again
  kChange,     // has its effect once: a resend gets the recorded reply
};

Status Admit(Core& core, const v1::RequestHeader& header, Kind kind) {
  // Whom the next life will await must not be turned away by this one.
  if (core.stopping) return Status(Code::kUnavailable, "the server is stopping");
  const FsidRule rule = kind == Kind::kOpenToAll ? FsidRule::kMayBeEmpty : FsidRule::kMustMatch;
  const ReplayRule replay = kind == Kind::kChange ? ReplayRule::kTaken : ReplayRule::kRefused;
  NACRE_RETURN_IF_ERROR(CheckRequestHeader(header, core.fsid, rule, replay));
  if (header.mdt_epoch() != 0 && header.mdt_epoch() != kMdtEpoch) {
    return Status(Code::kStale, "MDT epoch " + std::to_string(header.mdt_epoch()) + " is not led from here");
  }
  if (kind == Kind::kOpenToAll) return Status::Ok();
  NACRE_RETURN_IF_ERROR(core.sessions.Admit(header.session(), header.client_id(), core.clock.Now()).status());
  if (header.server_boot_count() != 0 && header.server_boot_count() != core.options.boot_count) {
    return Status(Code::kNotConnected, "the request was meant for boot " + std::to_string(header.server_boot_count()) +
                                           ", this is boot " + std::to_string(core.options.boot_count));
  }
  return kind == Kind::kReturn || header.replay() ? Status::Ok() : CheckRecovered(core);
}

void FillHeader(Core& core, v1::ReplyHeader* header) {
  header->set_last_committed(core.committer.stable());  // whose ever: what is stable is a prefix of all changes
  header->set_stable(header->transno() <= core.committer.stable());
  header->set_boot_count(core.options.boot_count);
  header->set_mdt_epoch(kMdtEpoch);
}

// Of a change that an earlier life answered: what its slot's reply record says, or nullopt: it is to be done again.
template <typename Request, typename Reply>
Result<std::optional<Reply>> JudgeReplay(Core& core, Op& op, const Request& request) {
  const v1::RequestHeader& header = op.header();
  const ReplyTable::SeenReplay seen = core.replies.JudgeReplay(op.session(), header.slot(), header.xid());
  if (seen == ReplyTable::SeenReplay::kDone) {
    Reply reply;
    reply.mutable_header()->set_transno(core.replies.Find(op.session(), header.slot())->transno);
    TakeUpAnswered(core, op, request, reply);
    return std::optional<Reply>(std::move(reply));
  }
  if (seen == ReplyTable::SeenReplay::kRefused) return core.replies.RefusalOf(op.session(), header.slot());
  if (core.window.Awaits(op.session(), header.client_id())) return std::optional<Reply>();
  ++core.replays_refused;
  return Status(Code::kStale, "the change was not committed when the server restarted, and its replay came too late");
}

// A copy of the request that arrives late is answered in the same way.
void RememberRefusal(Core& core, const Op& op, const Status& why) {
  if (core.sessions.Find(op.session()) == nullptr) return;
  core.replies.Refuse(op.session(), op.header().slot(), op.header().xid(), why);
}

template <typename Request, typename Reply>
Task<Result<Reply>> Replay(Core& core, Op& op, const Request& request,
                           Answer<Reply> (*serve)(Core&, Op&, const Request&)) {
  auto judged = JudgeReplay<Request, Reply>(core, op, request);
  if (!judged.ok()) co_return judged.status();
  if (judged->has_value()) co_return std::move(**judged);
  Result<Reply> reply = co_await serve(core, op, request);
  ++(reply.ok() ? core.replayed : core.replays_refused);
  if (!reply.ok()) RememberRefusal(core, op, reply.status());
  co_return reply;
}

template <typename Request, typename Reply>
Task<Result<Reply>> Perform(Core& core, Op& op, Kind kind, const Request& request,
                            Answer<Reply> (*serve)(Core&, Op&, const Request&)) {
  NACRE_CO_RETURN_IF_ERROR(Admit(core, request.header(), kind));
  LockTable<Core::RequestKey>::Held alone;
  if (kind == Kind::kChange) {
    const Core::RequestKey request_key(op.session(), op.header().slot(), op.header().xid());
    alone = co_await core.request_locks.Exclusive(request_key);
  }
  if (op.is_replay()) co_return co_await Replay(core, op, request, serve);
  if (kind == Kind::kChange && !Planted(PlantedBug::kMdsResendDoneAgain)) {
    auto answered = FindAnswered<Reply>(core, op);
    if (!answered.ok()) co_return answered.status();
    if (answered->has_value()) {
      TakeUpAnswered(core, op, request, **answered);
      co_return std::move(**answered);
    }
  }
  Result<Reply> reply = co_await serve(core, op, request);
  if (kind == Kind::kChange && !reply.ok()) RememberRefusal(core, op, reply.status());
  co_return reply;
}

template <typename Request, typename Reply>
Task<Result<Reply>> Serve(Core& core, const char* operation, Kind kind, Request request,
                          Answer<Reply> (*serve)(Core&, Op&, const Request&)) {
  co_await Hop(core.strand);
  const MonotonicTime begun = core.clock.Now();
  Op op(core, request.header());
  Result<Reply> reply = co_await Perform(core, op, kind, request, serve);
  if (reply.ok() && core.options.commit_interval.count() == 0) op.ReliesOn(reply->header().transno());
  // Errors wait too: they may tell of a change that is not stable yet.
  if (!Planted(PlantedBug::kNoMdsCommitOnShare)) co_await core.committer.Stable(op.relies_on());
  if (reply.ok()) FillHeader(core, reply->mutable_header());
  core.counts.Count(operation, reply.ok(), core.clock.Now() - begun);
  co_return reply;
}

// Who is found silent twice is evicted. After a pause of this very machine signs of life are waiting to be read: once is not
// enough. Answers those who were found silent now.
std::vector<uint64_t> EvictSilent(Core& core, const std::vector<uint64_t>& suspected, std::vector<uint64_t> silent) {
  for (uint64_t session : silent) {
    if (std::find(suspected.begin(), suspected.end(), session) == suspected.end()) continue;
    EndSession(core, session, SessionEnd::kEvicted);
    if (!core.options.notice) continue;
    core.options.notice(Status(Code::kTimedOut, "the client of session " + std::to_string(session) +
                                                    " was silent for too long: evicted"));
  }
  return silent;
}

void MeasureRoom(Core& core) {
  if (!core.options.free_bytes || !core.room.Measure(core.options.free_bytes())) return;
  if (core.room.full() && core.options.notice) core.options.notice(core.room.Check());
  if (!core.room.full() && core.options.progress) core.options.progress("there is room on the disk again");
}

}  // namespace

Task<Status> MetadataServer::Start() {
  co_await Hop(core_.strand);
  NACRE_CO_RETURN_IF_ERROR(LoadMds(core_));
  MeasureRoom(core_);
  StartRecovery(core_);
  NACRE_CO_RETURN_IF_ERROR(TakeUpIntents(core_));
  core_.destroyer.Kick();
  core_.tasks.Start(Tick());
  co_return Status();
}

Task<void> MetadataServer::BeginStop() {
  co_await Hop(core_.strand);
  core_.stopping = true;
  if (core_.window.open()) (void)core_.window.Close();  // the awaited are awaited again by the next life
}

Task<void> MetadataServer::Stop() {
  co_await BeginStop();
  co_await ReturnTo(core_.strand, core_.tasks.Drained());
  co_await core_.committer.Stable(core_.transnos.last());
  co_await core_.committer.Drained();
}

Task<void> MetadataServer::Tick() {
  MonotonicTime committed = core_.clock.Now();
  std::vector<uint64_t> suspected;
  while (!core_.stopping) {
    co_await Sleep(core_.timers, core_.strand, core_.options.tick);
    if (core_.stopping) break;
    EndRecoveryInTime(core_);
    const MonotonicTime now = core_.clock.Now();
    if (now - committed >= core_.options.commit_interval) {
      committed = now;
      core_.committer.Begin();
    }
    const MonotonicTime limit = now + -core_.options.session_silent_max;
    suspected = EvictSilent(core_, suspected, core_.sessions.SilentSince(limit));
    MeasureRoom(core_);
    core_.map.Refresh(now);
    core_.destroyer.Kick();
  }
}

Task<Result<v1::ConnectReply>> MetadataServer::Connect(v1::ConnectRequest request) {
  return Serve(core_, "Connect", Kind::kOpenToAll, std::move(request), ServeConnect);
}
Task<Result<v1::ReopenReply>> MetadataServer::Reopen(v1::ReopenRequest request) {
  return Serve(core_, "Reopen", Kind::kReturn, std::move(request), ServeReopen);
}
Task<Result<v1::ReplayReply>> MetadataServer::Replay(v1::ReplayRequest request) {
  co_await Hop(core_.strand);
  NACRE_CO_RETURN_IF_ERROR(Admit(core_, request.header(), Kind::kReturn));
  co_return co_await DoAgain(*this, std::move(request));
}
Task<Result<v1::EndReplayReply>> MetadataServer::EndReplay(v1::EndReplayRequest request) {
  return Serve(core_, "EndReplay", Kind::kReturn, std::move(request), ServeEndReplay);
}
Task<Result<v1::DisconnectReply>> MetadataServer::Disconnect(v1::DisconnectRequest request) {
  return Serve(core_, "Disconnect", Kind::kOpenToAll, std::move(request), ServeDisconnect);
}
Task<Result<v1::MdsCommitReply>> MetadataServer::Commit(v1::MdsCommitRequest request) {
  return Serve(core_, "Commit", Kind::kRead, std::move(request), ServeCommit);
}
Task<Result<v1::HeartbeatReply>> MetadataServer::Heartbeat(v1::HeartbeatRequest request) {
  return Serve(core_, "Heartbeat", Kind::kReturn, std::move(request), ServeHeartbeat);
}
Task<Result<v1::GrantFidsReply>> MetadataServer::GrantFids(v1::GrantFidsRequest request) {
  return Serve(core_, "GrantFids", Kind::kChange, std::move(request), ServeGrantFids);
}
Task<Result<v1::GetClusterMapReply>> MetadataServer::GetClusterMap(v1::GetClusterMapRequest request) {
  return Serve(core_, "GetClusterMap", Kind::kOpenToAll, std::move(request), ServeGetClusterMap);
}
Task<Result<v1::AnnounceTargetReply>> MetadataServer::AnnounceTarget(v1::AnnounceTargetRequest request) {
  return Serve(core_, "AnnounceTarget", Kind::kOpenToAll, std::move(request), ServeAnnounceTarget);
}
Task<Result<v1::MdsPingReply>> MetadataServer::Ping(v1::MdsPingRequest request) {
  return Serve(core_, "Ping", Kind::kOpenToAll, std::move(request), ServePing);
}
Task<Result<v1::LookupReply>> MetadataServer::Lookup(v1::LookupRequest request) {
  return Serve(core_, "Lookup", Kind::kRead, std::move(request), ServeLookup);
}
Task<Result<v1::GetAttrReply>> MetadataServer::GetAttr(v1::GetAttrRequest request) {
  return Serve(core_, "GetAttr", Kind::kRead, std::move(request), ServeGetAttr);
}
Task<Result<v1::ReaddirReply>> MetadataServer::Readdir(v1::ReaddirRequest request) {
  return Serve(core_, "Readdir", Kind::kRead, std::move(request), ServeReaddir);
}
Task<Result<v1::GetPathReply>> MetadataServer::GetPath(v1::GetPathRequest request) {
  return Serve(core_, "GetPath", Kind::kRead, std::move(request), ServeGetPath);
}
Task<Result<v1::StatfsReply>> MetadataServer::Statfs(v1::StatfsRequest request) {
  return Serve(core_, "Statfs", Kind::kRead, std::move(request), ServeStatfs);
}
Task<Result<v1::OpenReply>> MetadataServer::Open(v1::OpenRequest request) {
  const bool changes = request.create() || request.write() || request.truncate();
  return Serve(core_, "Open", changes ? Kind::kChange : Kind::kRead, std::move(request), ServeOpen);
}
Task<Result<v1::CloseReply>> MetadataServer::Close(v1::CloseRequest request) {
  return Serve(core_, "Close", Kind::kChange, std::move(request), ServeClose);
}
Task<Result<v1::TruncateReply>> MetadataServer::Truncate(v1::TruncateRequest request) {
  return Serve(core_, "Truncate", Kind::kChange, std::move(request), ServeTruncate);
}
Task<Result<v1::PunchFileReply>> MetadataServer::Punch(v1::PunchFileRequest request) {
  return Serve(core_, "Punch", Kind::kChange, std::move(request), ServePunch);
}
Task<Result<v1::MakeReply>> MetadataServer::Make(v1::MakeRequest request) {
  return Serve(core_, "Make", Kind::kChange, std::move(request), ServeMake);
}
Task<Result<v1::LinkReply>> MetadataServer::Link(v1::LinkRequest request) {
  return Serve(core_, "Link", Kind::kChange, std::move(request), ServeLink);
}
Task<Result<v1::UnlinkReply>> MetadataServer::Unlink(v1::UnlinkRequest request) {
  return Serve(core_, "Unlink", Kind::kChange, std::move(request), ServeUnlink);
}
Task<Result<v1::RenameReply>> MetadataServer::Rename(v1::RenameRequest request) {
  return Serve(core_, "Rename", Kind::kChange, std::move(request), ServeRename);
}
Task<Result<v1::SetAttrReply>> MetadataServer::SetAttr(v1::SetAttrRequest request) {
  return Serve(core_, "SetAttr", Kind::kChange, std::move(request), ServeSetAttr);
}
Task<Result<v1::GetXattrsReply>> MetadataServer::GetXattrs(v1::GetXattrsRequest request) {
  return Serve(core_, "GetXattrs", Kind::kRead, std::move(request), ServeGetXattrs);
}
Task<Result<v1::SetXattrReply>> MetadataServer::SetXattr(v1::SetXattrRequest request) {
  return Serve(core_, "SetXattr", Kind::kChange, std::move(request), ServeSetXattr);
}
Task<Result<v1::SetPolicyReply>> MetadataServer::SetPolicy(v1::SetPolicyRequest request) {
  return Serve(core_, "SetPolicy", Kind::kChange, std::move(request), ServeSetPolicy);
}
Task<Result<v1::SetLayoutReply>> MetadataServer::SetLayout(v1::SetLayoutRequest request) {
  return Serve(core_, "SetLayout", Kind::kChange, std::move(request), ServeSetLayout);
}
Task<Result<v1::CheckReply>> MetadataServer::Check(v1::CheckRequest request) {
  return Serve(core_, "Check", Kind::kRead, std::move(request), ServeCheck);
}
Task<Result<v1::MendReply>> MetadataServer::Mend(v1::MendRequest request) {
  return Serve(core_, "Mend", Kind::kChange, std::move(request), ServeMend);
}

}  // namespace nacre
