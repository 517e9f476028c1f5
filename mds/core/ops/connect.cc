// Sessions and FID grants.
#include "mds/core/change.h"
#include "mds/core/files.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

constexpr size_t kClientNameBytesMax = 256;

void ShowMap(Core& core, v1::ClusterMap* map) {
  core.map.Refresh(core.clock.Now());
  map->set_version(core.map.version());
  for (v1::Target& target : core.map.Targets(core.clock.Now())) *map->add_targets() = std::move(target);
}

}  // namespace

Answer<v1::ConnectReply> ServeConnect(Core& core, Op& op, const v1::ConnectRequest& request) {
  if (request.header().session() != 0) co_return Status(Code::kInvalid, "Connect is asked without a session");
  if (request.client_name().size() > kClientNameBytesMax) {
    co_return Status(Code::kInvalid, "a client name has at most 256 bytes");
  }
  if (core.sessions.size() >= kSessionsMax) {
    co_return Status(Code::kBusy, "the server has " + std::to_string(kSessionsMax) + " sessions, its most");
  }
  auto root = op.Find(kRootFid);
  if (!root.ok()) co_return root.status();
  v1::ConnectReply reply;
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, kRootFid, **root, reply.mutable_root()));
  reply.set_fsid(core.fsid);
  ShowMap(core, reply.mutable_map());
  reply.set_silent_ms_max(static_cast<uint32_t>(core.options.session_silent_max.count() / 1'000'000));

  const uint64_t number = core.next_session++;
  rows::SessionRow row;
  row.set_client_id(request.header().client_id());
  row.set_client_name(request.client_name());
  NACRE_CO_RETURN_IF_ERROR(
      core.sessions.Open(number, row.client_id(), row.client_name(), core.clock.Now()));
  Change change(core);
  change.batch().Put(kSessionFamily, NumberKey(number), row.SerializeAsString());
  change.batch().Put(kMetaFamily, std::string(kMetaNextSession), EncodeNumber(core.next_session));
  change.Apply();
  op.ReliesOn(change.transno());
  reply.set_session(number);
  co_return reply;
}

Answer<v1::DisconnectReply> ServeDisconnect(Core& core, Op& op, const v1::DisconnectRequest&) {
  op.ReliesOn(CloseSession(core, op.session()));
  co_return v1::DisconnectReply();
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
  change.batch().Put(kMetaFamily, std::string(kMetaNextRange), EncodeNumber(core.next_range));
  change.Apply(op, reply);
  co_return reply;
}

}  // namespace nacre
