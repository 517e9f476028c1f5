// Sessions: begun, gone on with after a restart, ended; and FID grants.
#include "common/wire/wire.h"
#include "common/base/planted_bug.h"
#include "mds/core/change.h"
#include "mds/core/files.h"
#include "mds/core/ops/operations.h"
#include "mds/core/recovery.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

constexpr size_t kClientNameBytesMax = 256;

void ShowMap(Core& core, v1::ClusterMap* map) {
  core.map.Refresh(core.clock.Now());
  map->set_version(core.map.version());
  for (v1::Target& target : core.map.Targets(core.clock.Now())) *map->add_targets() = std::move(target);
}

// The session that the client has had, if it goes on.
bool Resumes(Core& core, const v1::RequestHeader& header) {
  if (header.session() == 0) return false;
  const KnownSession* known = core.sessions.Find(header.session());
  if (known != nullptr) return known->client_id == header.client_id();
  return core.window.Awaits(header.session(), header.client_id());
}

// The session that goes on; 0: a new one is to begin. One that was begun and never answered goes on too: nobody would come
// back to it, and after a restart everybody would wait for that.
uint64_t SessionThatGoesOn(Core& core, const v1::RequestHeader& header) {
  if (Resumes(core, header)) return header.session();
  const uint64_t known = core.sessions.OfClient(header.client_id());
  return known != 0 ? known : core.window.AwaitedOf(header.client_id());
}

void PutSession(Core& core, Change& change, uint64_t number) {
  const KnownSession* known = core.sessions.Find(number);
  if (known == nullptr) return;  // closed meanwhile
  rows::SessionRow row;
  row.set_client_id(known->client_id);
  row.set_client_name(known->client_name);
  for (uint64_t seq : core.grants.Of(number)) row.add_fid_ranges(seq);
  change.batch().Put(kSessionFamily, NumberKey(number), row.SerializeAsString());
}

}  // namespace

Answer<v1::ConnectReply> ServeConnect(Core& core, Op& op, const v1::ConnectRequest& request) {
  if (request.client_name().size() > kClientNameBytesMax) {
    co_return Status(Code::kInvalid, "a client name has at most 256 bytes");
  }
  const v1::RequestHeader& header = request.header();
  const uint64_t before = SessionThatGoesOn(core, header);
  const bool resumes = before != 0;
  if (!resumes && core.sessions.size() >= kSessionsMax) {
    co_return Status(Code::kBusy, "the server has " + std::to_string(kSessionsMax) + " sessions, its most");
  }
  auto root = op.Find(kRootFid);
  if (!root.ok()) co_return root.status();
  v1::ConnectReply reply;
  // The root leads everywhere without its counters too. Who asks for these is told; fsck, which must get in, mends them.
  const Status shown = ShowInode(core, kRootFid, **root, reply.mutable_root());
  if (!shown.ok() && shown.code() != Code::kIo) co_return shown;
  reply.set_fsid(core.fsid);
  ShowMap(core, reply.mutable_map());
  reply.set_silent_ms_max(static_cast<uint32_t>(core.options.session_silent_max.count() / 1'000'000));
  reply.set_recovering(core.window.open());

  const uint64_t number = resumes ? before : core.next_session++;
  NACRE_CO_RETURN_IF_ERROR(
      core.sessions.Open(number, header.client_id(), request.client_name(), core.clock.Now()));
  reply.set_session(number);
  if (resumes) {
    op.ReliesOn(core.transnos.last());  // its begin may not be stable yet, nor the answer to it given
    co_return reply;
  }
  Change change(core);
  PutSession(core, change, number);
  change.batch().Put(kMetaFamily, std::string(kMetaNextSession), EncodeNumber(core.next_session));
  change.Apply();
  op.ReliesOn(change.transno());
  co_return reply;
}

// Nothing is judged anew: the mode may have changed since the file was opened, its name may be gone. But only what is
// awaited, in the session it is awaited in.
Answer<v1::ReopenReply> ServeReopen(Core& core, Op& op, const v1::ReopenRequest& request) {
  if (static_cast<size_t>(request.items_size()) > kCloseItemsMax) {
    co_return Status(Code::kInvalid, "more than " + std::to_string(kCloseItemsMax) + " files in one request");
  }
  const bool awaited = core.window.Awaits(op.session(), op.header().client_id());
  v1::ReopenReply reply;
  for (const auto& item : request.items()) {
    const Fid fid = FromWire(item.fid());
    const Opener opener{.session = op.session(), .handle = item.handle()};
    Status status = op.Find(fid).status();
    // What is not there may come with a replay.
    if (awaited && (status.ok() || status.code() == Code::kStale)) {
      status = core.openers.Add(fid, opener, item.write(), false);
    } else if (status.ok() && !core.openers.Has(fid, opener)) {
      status = Status(Code::kStale, "file " + ToString(fid) + " is not open under this handle");
    }
    reply.add_codes(static_cast<uint32_t>(status.code()));
  }
  co_return reply;
}

Answer<v1::EndReplayReply> ServeEndReplay(Core& core, Op& op, const v1::EndReplayRequest&) {
  if (core.window.Awaits(op.session(), op.header().client_id())) core.window.Done(op.session());
  co_await core.window.Closed();
  NACRE_CO_RETURN_IF_ERROR(CheckRecovered(core));
  co_return v1::EndReplayReply();
}

// Also of a client that ends before it noticed that the server has restarted: nobody is to wait for it.
Answer<v1::DisconnectReply> ServeDisconnect(Core& core, Op& op, const v1::DisconnectRequest&) {
  if (!Resumes(core, op.header())) {
    co_return Status(Code::kNotConnected, "session " + std::to_string(op.session()) + " is not known here");
  }
  op.ReliesOn(EndSession(core, op.session(), SessionEnd::kDisconnected));
  co_return v1::DisconnectReply();
}

Answer<v1::MdsCommitReply> ServeCommit(Core& core, Op& op, const v1::MdsCommitRequest&) {
  if (!Planted(PlantedBug::kMdsCommitBeforeSync)) op.ReliesOn(core.transnos.last());
  co_return v1::MdsCommitReply();
}

Answer<v1::HeartbeatReply> ServeHeartbeat(Core& core, Op&, const v1::HeartbeatRequest&) {
  core.map.Refresh(core.clock.Now());
  v1::HeartbeatReply reply;
  reply.set_map_version(core.map.version());
  co_return reply;
}

Answer<v1::GrantFidsReply> ServeGrantFids(Core& core, Op& op, const v1::GrantFidsRequest&) {
  constexpr uint64_t kRangesEnd = uint64_t{1} << 48;  // above it stands the home MDT's index
  if (core.next_range >= kRangesEnd) co_return Status(Code::kNoSpace, "all FID ranges of this MDT are given away");
  v1::GrantFidsReply reply;
  reply.set_seq((uint64_t{core.options.mdt_index} << 48) | core.next_range++);
  reply.set_count(kFidRangeCount);
  core.grants.Grant(op.session(), reply.seq());
  Change change(core);
  PutSession(core, change, op.session());
  change.batch().Put(kMetaFamily, std::string(kMetaNextRange), EncodeNumber(core.next_range));
  change.ApplyStable(op, reply);  // or another client might be given the same range
  co_return reply;
}

}  // namespace nacre
