#include "oss/announcer.h"

#include "common/runtime/log.h"
#include "common/wire/wire.h"

namespace nacre {
namespace {
constexpr uint64_t kAnswerMsMax = 5000;
}

Task<Result<std::string>> Announcer::Announce(std::string fsid) {
  v1::AnnounceTargetRequest request;
  v1::RequestHeader& header = *request.mutable_header();
  header.set_protocol_version(kProtocolVersion);
  header.set_client_id(client_id_);
  header.set_fsid(fsid);
  header.set_xid(++xid_);
  header.set_deadline_ms(kAnswerMsMax);
  describe_(*request.mutable_target());
  request.set_instance(instance_);
  Result<v1::AnnounceTargetReply> reply = co_await mds_->AnnounceTarget(std::move(request));
  if (!reply.ok()) co_return reply.status();
  if (reply->fsid().size() != kFsidBytes) co_return Status(Code::kInternal, "MDT0000 told a malformed fsid");
  if (reply->heartbeat_ms() >= 100) heartbeat_ms_ = reply->heartbeat_ms();
  co_return reply->fsid();
}

Task<void> Announcer::Run(std::string fsid, std::function<void(const Status&)> refused) {
  bool reached = true;
  while (true) {
    const Result<std::string> answer = co_await Announce(fsid);
    if (answer.ok() != reached) {
      reached = answer.ok();
      if (reached) {
        spdlog::info("MDT0000 is reached again");
      } else {
        spdlog::warn("cannot announce to MDT0000: {}", answer.status().ToString());
      }
    }
    const Code code = answer.code();
    if (code == Code::kInvalid || code == Code::kExists || code == Code::kUnsupported) refused(answer.status());
    const Duration pause = std::chrono::milliseconds(heartbeat_ms_.load());
    co_await Sleep(timers_, executor_, pause);
  }
}

}  // namespace nacre
