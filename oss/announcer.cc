#include "oss/announcer.h"

#include <utility>

#include "common/runtime/log.h"
#include "common/wire/wire.h"
#include "oss/core/object_server.h"

namespace nacre {
namespace {
constexpr uint64_t kAnswerMsMax = 5000;
}

v1::RequestHeader Announcer::Header(const std::string& fsid) {
  v1::RequestHeader header;
  header.set_protocol_version(kProtocolVersion);
  header.set_client_id(instance_);
  header.set_fsid(fsid);
  header.set_xid(++xid_);
  header.set_deadline_ms(kAnswerMsMax);
  return header;
}

Task<void> Announcer::AddSpace(const std::string& fsid, ObjectServer& serving, v1::Target& target) {
  v1::OssPingRequest request;
  *request.mutable_header() = Header(fsid);
  const Result<v1::OssPingReply> space = co_await serving.Ping(std::move(request));
  if (!space.ok()) co_return;
  target.set_capacity_bytes(space->capacity_bytes());
  target.set_used_bytes(space->used_bytes());
  target.set_free_bytes(space->free_bytes());
  target.set_objects(space->objects());
}

Task<Result<Announcer::Taken>> Announcer::Announce(std::string fsid, ObjectServer* serving) {
  v1::AnnounceTargetRequest request;
  *request.mutable_header() = Header(fsid);
  *request.mutable_target() = target_;
  if (serving != nullptr) co_await AddSpace(fsid, *serving, *request.mutable_target());
  request.set_instance(instance_);
  for (uint64_t session : fenced_) request.add_fenced_sessions(session);
  Result<v1::AnnounceTargetReply> reply = co_await mds_->AnnounceTarget(std::move(request));
  if (!reply.ok()) co_return reply.status();
  if (reply->fsid().size() != kFsidBytes) co_return Status(Code::kInternal, "MDT0000 told a malformed fsid");
  if (reply->heartbeat_ms() >= 100) heartbeat_ms_ = reply->heartbeat_ms();
  Taken taken{.fsid = reply->fsid(), .fences = {}};
  taken.fences.evicted.assign(reply->evicted_sessions().begin(), reply->evicted_sessions().end());
  taken.fences.oldest = reply->oldest_session();
  co_return taken;
}

bool Announcer::IsFinal(Code answer) {
  return answer == Code::kInvalid || answer == Code::kExists || answer == Code::kUnsupported;
}

Task<void> Announcer::Beat(std::string fsid, ObjectServer* serving, const RefusedHandler& refused) {
  const Result<Taken> answer = co_await Announce(std::move(fsid), serving);
  const Code code = answer.code();
  if (code != std::exchange(last_answer_, code)) {
    if (answer.ok()) {
      spdlog::info("MDT0000 is reached again");
    } else {
      spdlog::warn("cannot announce to MDT0000: {}", answer.status().ToString());
    }
  }
  if (IsFinal(code) && !taken_) refused(answer.status());
  if (!answer.ok()) co_return;
  taken_ = true;
  if (serving == nullptr) co_return;
  const Status fenced = co_await serving->Fence(answer->fences);
  if (fenced.ok()) fenced_ = answer->fences.evicted;
}

Task<void> Announcer::Run(std::string fsid, ObjectServer* serving, RefusedHandler refused) {
  while (true) {
    co_await Beat(fsid, serving, refused);
    const Duration pause = std::chrono::milliseconds(heartbeat_ms_.load());
    co_await Sleep(timers_, executor_, pause);
  }
}

}  // namespace nacre
