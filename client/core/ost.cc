#include "client/core/ost.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "client/core/unencrypted_runs.h"
#include "common/base/planted_bug.h"

namespace nacre {
namespace {

// Well below the time for which a restarted server waits (ObjectServerOptions::recovery_window).
constexpr Duration kQuestionEvery = std::chrono::seconds(5);
constexpr uint64_t kPingMsMax = 5000;

// For the planted bug only.
CipherRunPtr CopyOf(const CipherRun& run) {
  return UnencryptedRuns(v1::Inode()).Copy(run.pieces(), *PageBufferPool::Create(kPageBytes, 1));
}

// The channel may be replaced by another before its call has ended (the server moved).
template <typename Reply>
Task<Result<Reply>> Holding(std::shared_ptr<OssApi> api, Task<Result<Reply>> call) {
  Result<Reply> reply = co_await std::move(call);
  api = nullptr;
  co_return reply;
}

}  // namespace

class Ost::Written final : public ReplayLog::Entry {
 public:
  Written(Ost& ost, v1::WriteHeader request, CipherRunPtr run, AsyncSemaphore::Units memory,
          std::shared_ptr<WriteFate> fate)
      : ost_(ost), request_(std::move(request)), run_(std::move(run)), memory_(std::move(memory)),
        fate_(std::move(fate)) {}

  Task<Result<v1::WriteReply>> Send(const v1::RequestHeader& with) {
    v1::WriteHeader copy = request_;
    *copy.mutable_header() = with;
    const bool another = with.replay() && Planted(PlantedBug::kReplayOfAnotherRun);
    std::shared_ptr<OssApi> api = ost_.api();
    Task<Result<v1::WriteReply>> call = api->Write(std::move(copy), another ? CopyOf(*run_) : run_);
    return Holding(std::move(api), std::move(call));
  }
  void SentWith(const v1::RequestHeader& header) { *request_.mutable_header() = header; }

  Task<Result<v1::ReplyHeader>> Replay(uint64_t boot_count) {
    const v1::RequestHeader header = ost_.session_->ReplayHeader(request_.header(), transno(), boot_count);
    const Result<v1::WriteReply> reply = co_await Send(header);
    if (reply.code() == Code::kNotConnected && header.session() != ost_.session_->number()) {
      co_return Status(Code::kFenced, "this client was evicted before the write was stable");
    }
    if (!reply.ok()) co_return reply.status();
    NACRE_CO_RETURN_IF_ERROR(StatusOf(reply->header()));
    co_return reply->header();
  }
  void Lost(const Status& why) override { fate_->Lose(why); }

 private:
  Ost& ost_;
  v1::WriteHeader request_;
  const CipherRunPtr run_;
  const AsyncSemaphore::Units memory_;
  const std::shared_ptr<WriteFate> fate_;
};

// Their pages are large: one a request.
Task<ReplayLog::Answers> Ost::ReplayOne(std::vector<ReplayLog::EntryPtr> next, uint64_t boot_count) {
  ReplayLog::Answers answers;
  answers.push_back(co_await std::static_pointer_cast<Written>(next.front())->Replay(boot_count));
  co_return answers;
}

Ost::Ost(const Environment& environment, std::shared_ptr<Session> session, BufferBudget& budget, uint32_t index)
    : Peer(environment), session_(std::move(session)), budget_(budget), index_(index), connecting_(*environment.pool, 1),
      committing_(*environment.pool, 1) {}

std::string Ost::Name() const {
  char name[16];
  std::snprintf(name, sizeof name, "OST%04x", index_);
  std::lock_guard lock(mutex_);
  return address_.empty() ? std::string(name) : name + (" at " + address_);
}

std::shared_ptr<OssApi> Ost::api() const {
  std::lock_guard lock(mutex_);
  return api_;
}

Task<Status> Ost::FindServer() {
  bool refresh = false;
  {
    std::lock_guard lock(mutex_);
    if (api_ != nullptr && !address_doubtful_) co_return Status::Ok();
    refresh = address_doubtful_;
  }
  const Result<std::string> address = co_await session_->OstAddress(index_, refresh);
  if (!address.ok()) co_return address.status();
  std::lock_guard lock(mutex_);
  address_doubtful_ = false;
  if (api_ == nullptr || address_ != *address) {
    api_ = environment_.connect_oss(*address);
    address_ = *address;
  }
  co_return Status::Ok();
}

Task<Result<uint64_t>> Ost::EnsureSession() {
  for (;;) {
    // The number is enough: an OST that waits for replays must not wait for the metadata server too.
    Result<uint64_t> number = session_->number();
    if (*number == 0) number = co_await session_->EnsureSession();
    if (!number.ok()) co_return number.status();
    const Status connected = co_await EnsureConnected(*number);
    if (connected.ok()) co_return *number;
    // This client was evicted. Whoever asked in the old session is told; not who has begun anew meanwhile.
    const bool begun_anew = connected.code() == Code::kFenced && session_->number() != *number;
    if (!begun_anew) co_return connected;
  }
}

Task<Status> Ost::EnsureConnected(uint64_t session) {
  const auto is_connected = [&] {
    std::lock_guard lock(mutex_);
    return connected_session_ == session;
  };
  if (is_connected()) co_return Status::Ok();
  const uint64_t ticket = connect_failure_.Ticket();
  const AsyncSemaphore::Units alone = co_await connecting_.Take();
  if (is_connected()) co_return Status::Ok();
  const std::optional<Status> failed = connect_failure_.Since(ticket);
  if (failed && failed->code() != Code::kFenced) co_return *failed;  // that is one session's alone
  const Status connected = co_await Connect(session);
  connect_failure_.Ended(connected);
  if (!connected.ok()) co_return connected;
  std::lock_guard lock(mutex_);
  connected_session_ = session;
  co_return Status::Ok();
}

Task<Status> Ost::Connect(uint64_t session) {
  const Status found = co_await FindServer();
  if (!found.ok()) co_return found;
  v1::OssConnectRequest request;
  *request.mutable_header() = NewHeader(session);
  const Result<v1::OssConnectReply> reply = co_await api()->Connect(std::move(request));
  const Status status = reply.ok() ? StatusOf(reply->header()) : reply.status();
  if (status.code() == Code::kFenced) session_->SessionLost(session);  // MDT0000 has a new one for us
  if (!status.ok()) {
    std::lock_guard lock(mutex_);
    address_doubtful_ = true;
    co_return status;
  }
  if (reply->fsid() != session_->fsid() || reply->ost_index() != index_) {
    const Status other(Code::kUnavailable, Name() + " is another target or of another cluster");
    std::lock_guard lock(mutex_);
    address_doubtful_ = true;
    co_return other;
  }
  uncommitted_.EnterLife(reply->header().boot_count());
  const Status replayed = co_await uncommitted_.ReplayAll(Name(), ReplayOne);
  if (!replayed.ok()) co_return replayed;
  {
    std::lock_guard lock(mutex_);
    life_ = reply->header().boot_count();
  }
  if (!reply->recovering()) co_return Status::Ok();
  auto end_replay = [this, session, boot_count = reply->header().boot_count()](int64_t deadline_ms) {
    return EndReplay(session, boot_count, deadline_ms);
  };
  co_return co_await AwaitRecovery(this, std::move(end_replay));
}

Task<Status> Ost::EndReplay(uint64_t session, uint64_t boot_count, int64_t deadline_ms) {
  v1::OssEndReplayRequest request;
  *request.mutable_header() = NewHeader(session);
  request.mutable_header()->set_server_boot_count(boot_count);
  request.mutable_header()->set_deadline_ms(static_cast<uint64_t>(deadline_ms));
  const Result<v1::OssEndReplayReply> reply = co_await api()->EndReplay(std::move(request));
  co_return reply.status();
}

void Ost::Heard(const v1::ReplyHeader& header) {
  if (uncommitted_.Heard(header)) return;
  std::lock_guard lock(mutex_);
  connected_session_ = 0;  // it restarted: the next request connects, and replays first
}

void Ost::ArmQuestion() {
  {
    std::lock_guard lock(mutex_);
    if (question_armed_ || ended_) return;
    question_armed_ = true;
  }
  std::weak_ptr<Ost> weak = weak_from_this();  // a timer keeps nothing alive
  environment_.timers->PostAfter(kQuestionEvery, *environment_.pool, [weak] {
    std::shared_ptr<Ost> self = weak.lock();
    if (self == nullptr || self->ended_) return;
    self->questions_.Start(self->AskWhatIsStable(self));
  });
}

Task<void> Ost::AskWhatIsStable(std::shared_ptr<Ost> self) {
  if (self->has_uncommitted()) {
    const Result<v1::OssPingReply> answer = co_await Ping(false);
    if (answer.ok()) Heard(answer->header());
    // Connects if it restarted. Any failure shows itself to the next real request.
    const Result<uint64_t> session = co_await EnsureSession();
    static_cast<void>(session);
  }
  {
    std::lock_guard lock(mutex_);
    question_armed_ = false;
  }
  if (has_uncommitted()) ArmQuestion();
}

uint64_t Ost::Life() const {
  std::lock_guard lock(mutex_);
  return life_;
}

void Ost::Unreachable() {
  std::lock_guard lock(mutex_);
  address_doubtful_ = true;
  connected_session_ = 0;
}

void Ost::SessionLost(uint64_t number) {
  std::lock_guard lock(mutex_);
  if (connected_session_ == number) connected_session_ = 0;
}

Task<Result<v1::WriteReply>> Ost::Write(uint64_t session, v1::WriteHeader header, CipherRunPtr run,
                                        AsyncSemaphore::Units memory, std::shared_ptr<WriteFate> fate) {
  header.set_page_count(static_cast<uint32_t>(run->page_count()));
  header.set_meta_length(static_cast<uint32_t>(run->meta_bytes()));
  header.set_encrypted(run->encrypted());
  const auto entry =
      std::make_shared<Written>(*this, std::move(header), std::move(run), std::move(memory), std::move(fate));
  {
    std::lock_guard lock(mutex_);
    wrote_ = true;
  }
  auto send = [entry](const v1::RequestHeader& with) { return entry->Send(with); };
  Keep<v1::WriteReply> keep = [this, entry](const v1::RequestHeader& with, const v1::WriteReply& reply) {
    entry->SentWith(with);
    return uncommitted_.Add(entry, reply.header());
  };
  CallTrace trace{.only_in = session};
  Result<v1::WriteReply> reply =
      co_await Exchange<v1::WriteReply>(this, CallKind::kChange, std::move(send), &trace, std::move(keep));
  if (reply.ok()) {
    budget_.Added();
    ArmQuestion();
  }
  co_return reply;
}

Task<Result<ObjectPages>> Ost::Read(v1::ReadRequest request) {
  auto send = [this, request = std::move(request)](const v1::RequestHeader& with) {
    v1::ReadRequest copy = request;
    *copy.mutable_header() = with;
    std::shared_ptr<OssApi> api = this->api();
    Task<Result<ObjectPages>> call = api->Read(std::move(copy));
    return Holding(std::move(api), std::move(call));
  };
  return Exchange<ObjectPages>(this, CallKind::kLook, std::move(send));
}

Task<Status> Ost::Commit() {
  const AsyncSemaphore::Units alone = co_await committing_.Take();
  // Whoever waited here may find that the commit before covered it.
  while (const Transno upto = uncommitted_.newest()) {
    const Result<v1::CommitReply> reply = co_await SendCommit();
    if (!reply.ok()) {
      const Status status = reply.status().With("committing on " + Name());
      // What an evicted client was answered is stable, or its replay is refused: each is told by itself.
      if (status.code() != Code::kFenced) uncommitted_.LoseAll(status);
      co_return status;
    }
    // Else it restarted meanwhile: what was replayed there is to be committed there.
    if (reply->header().boot_count() == BootCountOf(upto)) {
      uncommitted_.StableUpTo(upto);
      break;
    }
  }
  co_return Status::Ok();
}

Task<Result<v1::CommitReply>> Ost::SendCommit() {
  auto send = [this](const v1::RequestHeader& with) {
    v1::CommitRequest request;
    *request.mutable_header() = with;
    std::shared_ptr<OssApi> api = this->api();
    Task<Result<v1::CommitReply>> call = api->Commit(std::move(request));
    return Holding(std::move(api), std::move(call));
  };
  return Exchange<v1::CommitReply>(this, CallKind::kLook, std::move(send));
}

Task<Status> Ost::Disconnect(MonotonicTime patience) {
  ended_ = true;
  co_await questions_.Drained();
  uint64_t number = 0;
  bool wrote = false;
  {
    std::lock_guard lock(mutex_);
    number = std::exchange(connected_session_, 0);
    wrote = wrote_;
    if (number == 0 && wrote) number = session_->number();  // the server restarted since
  }
  if (number == 0) co_return Status::Ok();
  for (int attempt = 0;; ++attempt) {
    v1::OssDisconnectRequest request;
    *request.mutable_header() = NewHeader(number);
    const Result<v1::OssDisconnectReply> reply = co_await api()->Disconnect(std::move(request));
    const Status status = reply.ok() ? StatusOf(reply->header()) : reply.status();
    // Everything was committed before. A server that forgot us has nothing to drop; one that does not answer may be
    // restarting, and would wait for a writer that never comes.
    if (status.code() == Code::kNotConnected) co_return Status::Ok();
    if (status.code() != Code::kUnavailable) co_return status;
    if (!wrote || environment_.clock->Now() >= patience) co_return Status::Ok();
    co_await Sleep(*environment_.timers, *environment_.pool, BackOff(attempt, *environment_.random));
  }
}

Task<Result<v1::OssPingReply>> Ost::Ping(bool with_operations) {
  const Status found = co_await FindServer();
  if (!found.ok()) co_return found;
  v1::OssPingRequest request;
  *request.mutable_header() = NewHeader(session_->number());
  request.set_with_operations(with_operations);
  request.mutable_header()->set_deadline_ms(std::min(request.header().deadline_ms(), kPingMsMax));
  co_return co_await api()->Ping(std::move(request));
}

OstTable::OstTable(const Environment& environment, std::shared_ptr<Session> session, BufferBudget& budget)
    : environment_(environment), session_(std::move(session)), budget_(budget) {
  budget.OnPressure([this] { StartCommits(); });
}

std::shared_ptr<Ost> OstTable::Get(uint32_t index) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Ost>& ost = osts_[index];
  if (ost == nullptr) ost = std::make_shared<Ost>(environment_, session_, budget_, index);
  return ost;
}

std::vector<std::shared_ptr<Ost>> OstTable::All() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Ost>> all;
  for (const auto& [index, ost] : osts_) all.push_back(ost);
  return all;
}

Task<Status> OstTable::CommitAll() {
  const std::vector<std::shared_ptr<Ost>> all = All();
  std::vector<Task<Status>> commits;
  for (const std::shared_ptr<Ost>& ost : all) commits.push_back(ost->Commit());
  const std::vector<Status> done = co_await WhenAll(std::move(commits));
  Status first_error;
  for (size_t i = 0; i < all.size(); ++i) {
    const Status lost = all[i]->TakeLoss();
    if (!done[i].ok() && first_error.ok()) first_error = done[i];
    if (!lost.ok() && first_error.ok()) first_error = lost.With(all[i]->Name());
  }
  co_return first_error;
}

void OstTable::StartCommits() {
  for (const std::shared_ptr<Ost>& ost : All()) {
    if (!ost->has_uncommitted()) continue;
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(commit_runs_[ost->index()], true)) continue;
    }
    background_.Start(CommitInBackground(ost));
  }
}

Task<void> OstTable::CommitInBackground(std::shared_ptr<Ost> ost) {
  // A failure is told to the files concerned (WriteFate), whose next call reports it.
  const Status ignored = co_await ost->Commit();
  static_cast<void>(ignored);
  {
    std::lock_guard lock(mutex_);
    commit_runs_[ost->index()] = false;
  }
  if (budget_.short_of_memory()) StartCommits();
}

}  // namespace nacre
