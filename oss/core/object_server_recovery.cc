// ObjectServer: after a restart, what clients had been answered and was not stable comes again (DESIGN §7, P5).
#include <string>

#include "common/wire/wire.h"
#include "common/base/planted_bug.h"
#include "oss/core/object_server.h"

namespace nacre {
namespace {
constexpr Duration kRecoveryLook = std::chrono::seconds(1);
}

void ObjectServer::OpenRecoveryWindow(const RecoveryWindow::Awaited& writers) {
  if (writers.empty()) return;
  writers_.TakeOver(writers);
  window_.Open(writers, started_, options_.recovery_window);
  timer_.After(kRecoveryLook, [this] { EndRecoveryInTime(); });
  if (options_.notice) options_.notice("recovering: " + std::to_string(writers.size()) + " clients may have writes to replay");
}

// Who is in the middle of its replays gets through, but the others wait for it no more than twice as long.
void ObjectServer::EndRecoveryInTime() {
  if (!window_.open()) return;
  constexpr Duration kGrace = std::chrono::seconds(2);
  const MonotonicTime now = clock_.Now();
  const bool over = window_.IsOverAt(now);
  const bool goes_on = replayed_ > 0 && now - last_replay_ < kGrace && window_.left() > -options_.recovery_window;
  if (over && !goes_on) return CloseRecoveryWindow();
  timer_.After(kRecoveryLook, [this] { EndRecoveryInTime(); });
}

// Their time is over: what they had not committed is lost, and they will be told so (JudgeReplay). Their reply records
// stay: what was stable is not lost, and a late client learns that from them.
void ObjectServer::CloseRecoveryWindow() {
  const std::vector<uint64_t> missed = window_.Close();
  clients_missed_ += missed.size();
  for (uint64_t session : missed) {
    // Of some, part was replayed: they are awaited again by the next life until that is stable (ForgetIdleWriters).
    const KnownSession* known = sessions_.Find(session);
    if (known == nullptr || known->last_change <= committer_.stable()) background_.Start(writers_.Remove(session));
  }
  SayRecoveryIsOver(std::to_string(missed.size()) + " clients did not come in time; what they had not committed is lost");
}

void ObjectServer::SayRecoveryIsOver(const std::string& how) {
  if (options_.notice) options_.notice("recovered: " + std::to_string(replayed_) + " writes replayed, " + how);
}

Task<Result<v1::OssEndReplayReply>> ObjectServer::DoEndReplay(v1::OssEndReplayRequest request) {
  co_await Hop(*strand_);
  const v1::RequestHeader& header = request.header();
  NACRE_CO_RETURN_IF_ERROR(AdmitClient(header));
  if (window_.Awaits(header.session(), header.client_id())) {
    window_.Done(header.session());
    if (!window_.open()) SayRecoveryIsOver("every client came");
  }
  if (!Planted(PlantedBug::kNewWorkInRecovery)) co_await window_.Closed();
  NACRE_CO_RETURN_IF_ERROR(CheckRecovered());
  v1::OssEndReplayReply reply;
  FillHeader(*reply.mutable_header(), 0);
  co_return reply;
}

Status ObjectServer::CheckRecovered() const {
  if (stopped_in_recovery_) return Status(Code::kUnavailable, "the server is stopping");
  if (!window_.open() || Planted(PlantedBug::kNewWorkInRecovery)) return Status::Ok();
  return Status(Code::kUnavailable, "the server has restarted and waits for the replays of " +
                                        std::to_string(window_.awaited_count()) + " clients");
}

Task<Status> ObjectServer::AdmitOrderAfterRecovery(const v1::RequestHeader& header) {
  NACRE_CO_RETURN_IF_ERROR(AdmitOrder(header));
  co_await window_.Closed();
  co_return CheckRecovered();
}

std::optional<Result<v1::WriteReply>> ObjectServer::JudgeReplay(const v1::RequestHeader& header) {
  const ReplyTable::SeenReplay seen = replies_.JudgeReplay(header.session(), header.slot(), header.xid());
  if (seen == ReplyTable::SeenReplay::kDone) {
    v1::WriteReply reply;
    FillHeader(*reply.mutable_header(), replies_.Find(header.session(), header.slot())->transno);
    return reply;
  }
  if (seen == ReplyTable::SeenReplay::kRefused) {
    return Result<v1::WriteReply>(replies_.RefusalOf(header.session(), header.slot()));
  }
  if (stopped_in_recovery_) return Status(Code::kUnavailable, "the server is stopping");
  if (window_.Awaits(header.session(), header.client_id())) {
    last_replay_ = clock_.Now();
    return std::nullopt;
  }
  ++replays_refused_;
  return Status(Code::kStale, "the write was not committed when the server restarted, and its replay came too late");
}

Task<void> ObjectServer::CommitWhatIsShared(const Object& object, uint64_t session, Sight sight) {
  if (Planted(PlantedBug::kNoCommitOnShare)) return committer_.CommitUpTo(0);
  return committer_.CommitUpTo(OthersChange(object, committer_.authors(), committer_.stable(), session, sight));
}

}  // namespace nacre
