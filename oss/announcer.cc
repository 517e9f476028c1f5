#include "oss/announcer.h"

#include <utility>

#include "common/runtime/log.h"
#include "common/wire/wire.h"

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

Task<void> Announcer::AddSpace(const std::string& fsid, OssApi* serving, v1::Target& target) {
  if (serving == nullptr) co_return;
  v1::OssPingRequest request;
  *request.mutable_header() = Header(fsid);
  const Result<v1::OssPingReply> space = co_await serving->Ping(std::move(request));
  if (!space.ok()) co_return;
  target.set_capacity_bytes(space->capacity_bytes());
  target.set_used_bytes(space->used_bytes());
  target.set_free_bytes(space->free_bytes());
  target.set_objects(space->objects());
}

Task<Result<std::string>> Announcer::Announce(std::string fsid, OssApi* serving) {
  v1::AnnounceTargetRequest request;
  *request.mutable_header() = Header(fsid);
  *request.mutable_target() = target_;
  co_await AddSpace(fsid, serving, *request.mutable_target());
  request.set_instance(instance_);
  Result<v1::AnnounceTargetReply> reply = co_await mds_->AnnounceTarget(std::move(request));
  if (!reply.ok()) co_return reply.status();
  if (reply->fsid().size() != kFsidBytes) co_return Status(Code::kInternal, "MDT0000 told a malformed fsid");
  if (reply->heartbeat_ms() >= 100) heartbeat_ms_ = reply->heartbeat_ms();
  co_return reply->fsid();
}

Task<void> Announcer::Beat(std::string fsid, OssApi* serving, const RefusedHandler& refused) {
  const Result<std::string> answer = co_await Announce(std::move(fsid), serving);
  const Code code = answer.code();
  if (code != std::exchange(last_answer_, code)) {
    if (answer.ok()) {
      spdlog::info("MDT0000 is reached again");
    } else {
      spdlog::warn("cannot announce to MDT0000: {}", answer.status().ToString());
    }
  }
  if (answer.ok()) taken_ = true;
  const bool will_not_have_us = code == Code::kInvalid || code == Code::kExists || code == Code::kUnsupported;
  if (will_not_have_us && !taken_) refused(answer.status());
}

Task<void> Announcer::Run(std::string fsid, OssApi* serving, RefusedHandler refused) {
  while (true) {
    co_await Beat(fsid, serving, refused);
    const Duration pause = std::chrono::milliseconds(heartbeat_ms_.load());
    co_await Sleep(timers_, executor_, pause);
  }
}

}  // namespace nacre
