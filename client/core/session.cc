#include "client/core/session.h"

#include <algorithm>

namespace nacre {
namespace {

// How soon an idle client finds that the server has restarted and waits for it.
constexpr Duration kHeartbeatEveryMax = std::chrono::seconds(5);
// After one that was not answered: a bad network must not silence a client until its session is closed.
constexpr Duration kHeartbeatAgain = std::chrono::seconds(1);
constexpr size_t kReopenedAtOnce = 500;
constexpr size_t kReplayedBytesMax = 512 * kKiB;  // at once, and the last beyond it
constexpr uint64_t kMapMsMax = 5000;  // the map as it was serves too

std::string DrawClientId(Random& random) {
  std::string id(kClientIdBytes, '\0');
  random.Fill(MutableBytes(reinterpret_cast<uint8_t*>(id.data()), id.size()));
  return id;
}

}  // namespace

Session::Session(const Environment& environment)
    : Peer(environment), client_id_(DrawClientId(*environment.random)), connecting_(*environment.pool, 1),
      granting_(*environment.pool, 1) {}

Task<Status> Session::Start() {
  // A look that every server answers: connects, with retries, and proves that the session is known.
  v1::HeartbeatRequest request;
  const Result<v1::HeartbeatReply> reply = co_await Call(&MdsApi::Heartbeat, std::move(request), CallKind::kLook);
  co_return reply.status();
}

Task<Status> Session::End(MonotonicTime patience) {
  ended_ = true;
  co_await beats_.Drained();
  connected_ = false;
  const uint64_t number = number_.exchange(0);
  if (number == 0) co_return Status::Ok();
  for (int attempt = 0;; ++attempt) {
    v1::DisconnectRequest request;
    *request.mutable_header() = NewHeader(number);
    const Result<v1::DisconnectReply> reply = co_await environment_.mds->Disconnect(std::move(request));
    const Status status = reply.ok() ? StatusOf(reply->header()) : reply.status();
    // A server that forgot us has nothing of this session to drop. One that does not answer may be restarting, and would
    // wait for us.
    if (status.code() == Code::kNotConnected) co_return Status::Ok();
    if (status.code() != Code::kUnavailable) co_return status;
    if (environment_.clock->Now() >= patience) co_return Status::Ok();
    co_await Sleep(*environment_.timers, *environment_.pool, BackOff(attempt, *environment_.random));
  }
}

std::string Session::Name() const { return "MDT0000 at " + environment_.mds_address; }

std::string Session::fsid() const {
  std::lock_guard lock(mutex_);
  return fsid_;
}

v1::Inode Session::root() const {
  std::lock_guard lock(mutex_);
  return root_;
}

void Session::SetRoot(const v1::Inode& root) {
  std::lock_guard lock(mutex_);
  root_ = root;
}

v1::ClusterMap Session::Map() const {
  std::lock_guard lock(mutex_);
  return map_;
}

v1::RequestHeader Session::NewHeader(uint64_t session) {
  v1::RequestHeader header;
  header.set_protocol_version(kProtocolVersion);
  header.set_fsid(fsid());
  header.set_client_id(client_id_);
  header.set_session(session);
  header.set_xid(++last_xid_);
  header.set_mdt_epoch(mdt_epoch_);
  *header.mutable_caller() = environment_.caller;
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(environment_.wait_timeout);
  header.set_deadline_ms(static_cast<uint64_t>(std::max<int64_t>(1, wait.count())));
  return header;
}

v1::RequestHeader Session::ReplayHeader(v1::RequestHeader sent, Transno transno, uint64_t boot_count) const {
  sent.set_replay(true);
  sent.set_resent(false);
  sent.set_transno(transno);
  sent.set_server_boot_count(boot_count);
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(environment_.wait_timeout);
  sent.set_deadline_ms(static_cast<uint64_t>(std::max<int64_t>(1, wait.count())));
  return sent;
}

bool Session::Took(const v1::OpenRequest& request, const v1::RequestHeader& header, const v1::OpenReply& reply) {
  if (!request.read() && !request.write()) return true;
  const OpenHandles::Handle handle{FromWire(reply.inode().fid()), header.xid(), request.write()};
  return handles_.Opened(handle, reply.header().boot_count());
}

Task<Status> Session::CommitChanges() {
  while (const Transno upto = changes_.newest()) {
    v1::MdsCommitRequest request;
    const Result<v1::MdsCommitReply> reply = co_await Call(&MdsApi::Commit, std::move(request), CallKind::kLook);
    if (!reply.ok()) co_return reply.status().With("committing on " + Name());
    // Else it restarted meanwhile: what was replayed there is to be committed there.
    if (reply->header().boot_count() == BootCountOf(upto)) {
      changes_.StableUpTo(upto);
      break;
    }
  }
  co_return Status::Ok();
}

Task<Status> Session::Commit() {
  const Status committed = co_await CommitChanges();
  const Status lost = changes_.TakeLoss();
  co_return lost.ok() ? committed : lost;
}

Task<Result<uint64_t>> Session::EnsureSession() {
  if (connected_) co_return number_.load();
  const uint64_t ticket = connect_failure_.Ticket();
  const AsyncSemaphore::Units alone = co_await connecting_.Take();
  if (connected_) co_return number_.load();
  if (ended_) co_return Status(Code::kStale, "this client has disconnected");
  if (const std::optional<Status> failed = connect_failure_.Since(ticket)) co_return *failed;
  const Status status = UnavailableIfForgotten(co_await ConnectOnce()).With("connecting to " + Name());
  connect_failure_.Ended(status);
  if (!status.ok()) co_return status;
  connected_ = true;
  ArmHeartbeat(false);
  co_return number_.load();
}

Task<Status> Session::ConnectOnce() {
  v1::ConnectRequest request;
  *request.mutable_header() = NewHeader(number_);
  request.set_client_name(environment_.client_name);
  const Result<v1::ConnectReply> reply = co_await environment_.mds->Connect(std::move(request));
  if (!reply.ok()) co_return reply.status();
  NACRE_CO_RETURN_IF_ERROR(StatusOf(reply->header()));
  if (reply->session() == 0 || reply->fsid().size() != kFsidBytes) {
    co_return Status(Code::kIo, "the answer to Connect has no session or no fsid");
  }
  const bool goes_on = number_ == reply->session();
  {
    std::lock_guard lock(mutex_);
    fsid_ = reply->fsid();
    root_ = reply->root();
    map_ = reply->map();
    const auto silent_max = std::chrono::milliseconds(std::max(reply->silent_ms_max(), uint32_t{30}));
    heartbeat_every_ = std::min<Duration>(silent_max / 4, kHeartbeatEveryMax);
    if (!goes_on) fids_left_ = 0;  // ranges are a session's own
  }
  if (!goes_on && number_ != 0) {
    handles_.Clear();
    // A server that only forgot this client still has what it answered.
    changes_.LoseOlderThan(reply->header().boot_count(),
                           Status(Code::kIo, "changes that " + Name() + " had answered were lost: it restarted, and this "
                                             "client did not come back in time"));
    changes_.StableUpTo(changes_.newest());  // a new session's answer waits for all before it
  }
  number_ = reply->session();
  Heard(reply->header());
  changes_.EnterLife(reply->header().boot_count());
  const uint64_t boot_count = reply->header().boot_count();
  std::vector<OpenHandles::Handle> handles = handles_.EnterLife(boot_count);
  // Once in each life: a replayed close would be undone.
  if (reopened_in_ != boot_count) {
    const Status reopened = co_await Reopen(std::move(handles), boot_count);
    if (!reopened.ok()) co_return reopened;
    reopened_in_ = boot_count;
  }
  auto replay = [this](std::vector<ReplayLog::EntryPtr> next, uint64_t life) { return ReplaySome(std::move(next), life); };
  const Status replayed = co_await changes_.ReplayAll(Name(), std::move(replay));
  if (!replayed.ok()) co_return replayed;
  life_ = boot_count;
  if (!reply->recovering()) co_return Status::Ok();
  auto end_replay = [this, boot_count](int64_t deadline_ms) { return EndReplay(boot_count, deadline_ms); };
  co_return co_await AwaitRecovery(this, std::move(end_replay));
}

Task<Status> Session::EndReplay(uint64_t boot_count, int64_t deadline_ms) {
  v1::EndReplayRequest request;
  *request.mutable_header() = NewHeader(number_);
  request.mutable_header()->set_server_boot_count(boot_count);
  request.mutable_header()->set_deadline_ms(static_cast<uint64_t>(deadline_ms));
  const Result<v1::EndReplayReply> reply = co_await environment_.mds->EndReplay(std::move(request));
  co_return reply.status();
}

Task<ReplayLog::Answers> Session::ReplaySome(std::vector<ReplayLog::EntryPtr> next, uint64_t boot_count) {
  v1::ReplayRequest request;
  *request.mutable_header() = NewHeader(number_);
  request.mutable_header()->set_server_boot_count(boot_count);
  size_t bytes = 0;
  for (const ReplayLog::EntryPtr& entry : next) {
    if (bytes >= kReplayedBytesMax) break;
    v1::ReplayRequest::Change& change = *request.add_changes();
    std::static_pointer_cast<ReplayableChange>(entry)->PutInto(change, boot_count);
    bytes += change.ByteSizeLong();
  }
  const auto sent = static_cast<size_t>(request.changes_size());
  const Result<v1::ReplayReply> reply = co_await environment_.mds->Replay(std::move(request));
  const Status status = reply.ok() ? StatusOf(reply->header()) : reply.status();
  if (!status.ok()) co_return ReplayLog::Answers(1, status);
  const auto answered = static_cast<size_t>(reply->answers_size());
  if (answered == 0 || answered > sent) co_return ReplayLog::Answers(1, Status(Code::kIo, "not an answer for each replay"));
  ReplayLog::Answers answers;
  for (const v1::ReplyHeader& header : reply->answers()) {
    const Status one = StatusOf(header);
    answers.push_back(one.ok() ? Result<v1::ReplyHeader>(header) : one);
  }
  co_return answers;
}

// What is refused is stale: its next request says so.
Task<Status> Session::Reopen(std::vector<OpenHandles::Handle> handles, uint64_t boot_count) {
  for (size_t begin = 0; begin < handles.size(); begin += kReopenedAtOnce) {
    v1::ReopenRequest request;
    *request.mutable_header() = NewHeader(number_);
    request.mutable_header()->set_server_boot_count(boot_count);
    for (size_t i = begin; i < std::min(handles.size(), begin + kReopenedAtOnce); ++i) {
      auto* item = request.add_items();
      *item->mutable_fid() = ToWire(handles[i].fid);
      item->set_handle(handles[i].xid);
      item->set_write(handles[i].write);
    }
    const Result<v1::ReopenReply> reply = co_await environment_.mds->Reopen(std::move(request));
    if (!reply.ok()) co_return reply.status();
  }
  co_return Status::Ok();
}

void Session::SessionLost(uint64_t number) {
  if (number_ == number) connected_ = false;
}

void Session::Heard(const v1::ReplyHeader& header) {
  if (header.mdt_epoch() != 0) mdt_epoch_ = header.mdt_epoch();
  if (!changes_.Heard(header)) connected_ = false;  // it restarted: the next request, or heartbeat, connects, and replays
}

// A timer keeps nothing alive: when the session is gone it finds so.
void Session::ArmHeartbeat(bool missed) {
  Duration every;
  {
    std::lock_guard lock(mutex_);
    if (heartbeat_armed_ || ended_) return;
    heartbeat_armed_ = true;
    every = missed ? std::min(heartbeat_every_, kHeartbeatAgain) : heartbeat_every_;
  }
  std::weak_ptr<Session> weak = weak_from_this();
  environment_.timers->PostAfter(every, *environment_.pool, [weak] {
    std::shared_ptr<Session> self = weak.lock();
    if (self == nullptr || self->ended_) return;
    self->beats_.Start(self->Beat(self));
  });
}

Task<void> Session::Beat(std::shared_ptr<Session> self) {
  const uint64_t number = self->number();
  bool heard = true;
  if (number != 0) {
    v1::HeartbeatRequest request;
    *request.mutable_header() = NewHeader(number);
    const Result<v1::HeartbeatReply> reply = co_await environment_.mds->Heartbeat(std::move(request));
    heard = reply.ok();
    if (reply.ok()) Heard(reply->header());
    // A server that has restarted does not wait for ever. Any other failure shows itself to the next real request.
    if (reply.code() == Code::kNotConnected) SessionLost(number);
    if (!connected_) {
      const Result<uint64_t> again = co_await EnsureSession();
      heard = again.ok();
    }
  }
  {
    std::lock_guard lock(mutex_);
    heartbeat_armed_ = false;
  }
  ArmHeartbeat(!heard);
}

Task<Result<Fid>> Session::NextFid() {
  const AsyncSemaphore::Units alone = co_await granting_.Take();
  {
    std::lock_guard lock(mutex_);
    if (fids_left_ > 0) {
      --fids_left_;
      const Fid fid = next_fid_;
      ++next_fid_.oid;
      co_return fid;
    }
  }
  v1::GrantFidsRequest request;
  const Result<v1::GrantFidsReply> reply = co_await Call(&MdsApi::GrantFids, std::move(request), CallKind::kChange);
  if (!reply.ok()) co_return reply.status();
  if (reply->count() == 0 || reply->seq() < kFirstGrantedRange) {
    co_return Status(Code::kIo, Name() + " granted an empty or reserved FID range");
  }
  const Fid first{.seq = reply->seq(), .oid = 1, .ver = 0};
  std::lock_guard lock(mutex_);
  fids_left_ = reply->count() - 1;
  next_fid_ = {.seq = first.seq, .oid = 2, .ver = 0};
  co_return first;
}

Task<Status> Session::RefreshMap() {
  // Without a session: an OST that waits for replays must not wait for the metadata server to recover.
  v1::GetClusterMapRequest request;
  *request.mutable_header() = NewHeader(number_);
  request.mutable_header()->set_deadline_ms(kMapMsMax);
  const Result<v1::GetClusterMapReply> reply = co_await environment_.mds->GetClusterMap(std::move(request));
  if (!reply.ok()) co_return reply.status();
  std::lock_guard lock(mutex_);
  map_ = reply->map();
  co_return Status::Ok();
}

Task<Result<std::string>> Session::OstAddress(uint32_t index, bool refresh) {
  for (bool asked = false;; asked = true) {
    if (!refresh || asked) {
      std::lock_guard lock(mutex_);
      for (const v1::Target& target : map_.targets()) {
        if (target.kind() == v1::TARGET_OST && target.index() == index) co_return target.address();
      }
    }
    if (asked) break;
    const Status status = co_await RefreshMap();
    if (!status.ok() && !refresh) co_return status;
  }
  co_return Status(Code::kUnavailable, "the cluster map has no OST" + std::to_string(index));
}

}  // namespace nacre
