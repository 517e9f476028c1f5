// The cluster map, and what servers say of themselves.
#include <vector>

#include "mds/core/change.h"
#include "mds/core/files.h"
#include "mds/core/ops/operations.h"

namespace nacre {

Answer<v1::GetClusterMapReply> ServeGetClusterMap(Core& core, Op&, const v1::GetClusterMapRequest&) {
  v1::GetClusterMapReply reply;
  core.map.Refresh(core.clock.Now());
  reply.mutable_map()->set_version(core.map.version());
  for (v1::Target& target : core.map.Targets(core.clock.Now())) *reply.mutable_map()->add_targets() = std::move(target);
  co_return reply;
}

namespace {

// What an OST has to know of sessions that are over (evictions.h), and what it has done about it.
void SpeakOfSessions(Core& core, Op& op, const v1::AnnounceTargetRequest& request, v1::AnnounceTargetReply* reply) {
  const uint32_t ost = request.target().index();
  for (uint64_t session : request.fenced_sessions()) core.evictions.FencedBy(ost, session);
  const std::vector<uint64_t> finished = core.evictions.TakeFinished(core.map.Osts(), OldestSession(core));
  if (!finished.empty()) {
    Change change(core);
    for (uint64_t session : finished) change.batch().Delete(kSessionFamily, NumberKey(session));
    change.Apply();
  }
  for (uint64_t session : core.evictions.NotFencedBy(ost)) reply->add_evicted_sessions(session);
  reply->set_oldest_session(OldestSession(core));
  op.ReliesOn(core.last_session_end);
}

}  // namespace

// The header's fsid was looked at: empty (a new data directory) or ours.
Answer<v1::AnnounceTargetReply> ServeAnnounceTarget(Core& core, Op& op, const v1::AnnounceTargetRequest& request) {
  auto row = core.map.Announce(request.target(), request.instance(), core.clock.Now());
  if (!row.ok()) co_return row.status();
  if (request.target().kind() == v1::TARGET_OST) {
    core.osts.AddressIs(request.target().index(), request.target().address());
  }
  if (row->has_value()) {
    Change change(core);
    change.batch().Put(kMetaFamily, TargetKey(request.target().kind(), request.target().index()),
                       (*row)->SerializeAsString());
    change.batch().Put(kMetaFamily, std::string(kMetaMapVersion), EncodeNumber(core.map.version()));
    change.Apply();
    op.ReliesOn(change.transno());
  }
  core.destroyer.Kick();
  v1::AnnounceTargetReply reply;
  if (request.target().kind() == v1::TARGET_OST) SpeakOfSessions(core, op, request, &reply);
  reply.set_fsid(core.fsid);
  reply.set_heartbeat_ms(static_cast<uint32_t>(core.options.target_heartbeat.count() / 1'000'000));
  co_return reply;
}

Answer<v1::MdsPingReply> ServePing(Core& core, Op&, const v1::MdsPingRequest& request) {
  v1::MdsPingReply reply;
  reply.set_fsid(core.fsid);
  reply.set_mdt_index(core.options.mdt_index);
  reply.set_inodes(core.inode_count);
  reply.set_sessions(core.sessions.size());
  reply.set_objects_to_destroy(core.destroyer.objects_left());
  reply.set_clients_awaited(static_cast<uint32_t>(core.window.awaited_count()));
  if (core.window.open()) {
    const Duration left = std::max(Duration(0), core.window.left());
    reply.set_recovering_ms_left(static_cast<uint32_t>(left.count() / 1'000'000));
  }
  reply.set_replayed(core.replayed);
  reply.set_replays_refused(core.replays_refused);
  reply.set_sessions_evicted(core.sessions_evicted);
  reply.set_evictions_unconfirmed(core.evictions.size());
  if (request.with_operations()) core.counts.FillIn(reply);
  co_return reply;
}

Answer<v1::StatfsReply> ServeStatfs(Core& core, Op&, const v1::StatfsRequest&) {
  constexpr uint64_t kInodesMax = (uint64_t{1} << 48) * kFidRangeCount;
  v1::StatfsReply reply;
  for (v1::Target& target : core.map.Targets(core.clock.Now())) {
    if (target.kind() == v1::TARGET_OST) {
      reply.set_capacity_bytes(reply.capacity_bytes() + target.capacity_bytes());
      reply.set_free_bytes(reply.free_bytes() + target.free_bytes());
    }
    *reply.add_targets() = std::move(target);
  }
  reply.set_inodes_used(core.inode_count);
  reply.set_inodes_free(core.room.full() ? 0 : kInodesMax - core.inode_count);
  co_return reply;
}

}  // namespace nacre
