// Start and stop, sessions, and what all requests share. The requests: object_server_{write,read,orders,list}.cc.
#include "oss/core/object_server.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/planted_bug.h"
#include "common/wire/wire.h"

namespace nacre {
namespace {

FatalHandler OrEndsTheProcess(FatalHandler given) {
  if (given) return given;
  return [](const Status& why) { NACRE_CHECK(false, "a failed sync ends the process: " + why.ToString()); };
}

}  // namespace

ObjectServer::ObjectServer(Parts parts, ObjectServerOptions options)
    : options_(std::move(options)),
      clock_(parts.clock),
      io_(parts.io),
      kv_(parts.kv),
      device_(parts.device),
      strand_(std::make_shared<Strand>(parts.relief)),
      space_(parts.device, options_.capacity_bytes),
      table_(*strand_, io_, kv_, options_.cache),
      pages_(*strand_, io_, device_, table_, space_),
      committer_(Committer::Parts{strand_, io_, parts.timers, kv_, device_, space_,
                                  OrEndsTheProcess(parts.fatal)},
                 options_.boot_count, options_.commit),
      timer_(parts.timers, io_, strand_),
      writers_(*strand_, io_, kv_, OrEndsTheProcess(parts.fatal)),
      window_(*strand_),
      slot_locks_(*strand_),
      object_locks_(*strand_) {
  NACRE_CHECK(options_.fsid.size() == kFsidBytes, "an fsid has 16 bytes");
}

Task<void> ObjectServer::BeginStop() {
  co_await Hop(*strand_);
  stopping_ = true;
  if (!window_.open()) co_return;
  stopped_in_recovery_ = true;  // the awaited are awaited again by the next life
  (void)window_.Close();
}

Task<void> ObjectServer::Stop() {
  co_await BeginStop();
  timer_.Stop();
  co_await background_.Drained();
  co_await Hop(*strand_);
  co_await committer_.Stop();
  if (stopped_in_recovery_) co_return;
  for (uint64_t session : writers_.All()) co_await writers_.Remove(session);  // all is stable: nobody to wait for
}

Status ObjectServer::AdmitClient(const v1::RequestHeader& header, ReplayRule replay) {
  NACRE_RETURN_IF_ERROR(CheckRequestHeader(header, options_.fsid, FsidRule::kMustMatch, replay));
  NACRE_RETURN_IF_ERROR(sessions_.Admit(header.session(), header.client_id(), clock_.Now()).status());
  if (header.server_boot_count() == 0 || header.server_boot_count() == options_.boot_count) return Status::Ok();
  return Status(Code::kNotConnected, "the request was meant for boot " + std::to_string(header.server_boot_count()) +
                                         ", this is boot " + std::to_string(options_.boot_count));
}

Status ObjectServer::AdmitOrder(const v1::RequestHeader& header) {
  if (header.session() != 0) return AdmitClient(header);
  NACRE_RETURN_IF_ERROR(CheckRequestHeader(header, options_.fsid, FsidRule::kMustMatch));
  if (header.target() == 0 || header.target() == options_.ost_index + 1) return Status::Ok();
  // Two servers have changed addresses, and the MDS has not heard of it yet. "No such object" would be the truth here and
  // cost it a file.
  return Status(Code::kUnavailable, "this is OST " + std::to_string(options_.ost_index) + ", the order is for OST " +
                                        std::to_string(header.target() - 1));
}

void ObjectServer::FillHeader(v1::ReplyHeader& reply, Transno transno) {
  const Transno stable = Planted(PlantedBug::kTooMuchCalledStable) ? committer_.last() : committer_.stable();
  reply.set_transno(transno);
  reply.set_boot_count(options_.boot_count);
  reply.set_stable(transno <= stable);
  reply.set_last_committed(stable);  // whose ever: what is stable is a prefix of all changes
}

template <typename Reply>
Task<Result<Reply>> ObjectServer::Counted(OssOperation operation, Task<Result<Reply>> task) {
  const MonotonicTime began = clock_.Now();
  Result<Reply> reply = co_await std::move(task);
  counters_.Add(operation, reply.ok(), clock_.Now() - began);
  table_.Trim(committer_.stable_batch());
  co_return reply;
}

Task<Result<v1::OssConnectReply>> ObjectServer::Connect(v1::OssConnectRequest request) {
  return Counted(OssOperation::kConnect, DoConnect(std::move(request)));
}
Task<Result<v1::OssEndReplayReply>> ObjectServer::EndReplay(v1::OssEndReplayRequest request) {
  return Counted(OssOperation::kEndReplay, DoEndReplay(std::move(request)));
}
Task<Result<v1::OssDisconnectReply>> ObjectServer::Disconnect(v1::OssDisconnectRequest request) {
  return Counted(OssOperation::kDisconnect, DoDisconnect(std::move(request)));
}
Task<Result<v1::WriteReply>> ObjectServer::Write(v1::WriteHeader header, CipherRunPtr run) {
  return Counted(OssOperation::kWrite, DoWrite(std::move(header), std::move(run)));
}
Task<Result<ObjectPages>> ObjectServer::Read(v1::ReadRequest request) {
  return Counted(OssOperation::kRead, DoRead(std::move(request)));
}
Task<Result<v1::SetSizeReply>> ObjectServer::SetSize(v1::SetSizeRequest request) {
  return Counted(OssOperation::kSetSize, DoSetSize(std::move(request)));
}
Task<Result<v1::PunchReply>> ObjectServer::Punch(v1::PunchRequest request) {
  return Counted(OssOperation::kPunch, DoPunch(std::move(request)));
}
Task<Result<v1::GlimpseReply>> ObjectServer::Glimpse(v1::GlimpseRequest request) {
  return Counted(OssOperation::kGlimpse, DoGlimpse(std::move(request)));
}
Task<Result<v1::DestroyReply>> ObjectServer::Destroy(v1::DestroyRequest request) {
  return Counted(OssOperation::kDestroy, DoDestroy(std::move(request)));
}
Task<Result<v1::ListObjectsReply>> ObjectServer::ListObjects(v1::ListObjectsRequest request) {
  return Counted(OssOperation::kListObjects, DoListObjects(std::move(request)));
}
Task<Result<v1::CommitReply>> ObjectServer::Commit(v1::CommitRequest request) {
  return Counted(OssOperation::kCommit, DoCommit(std::move(request)));
}
Task<Result<v1::OssPingReply>> ObjectServer::Ping(v1::OssPingRequest request) {
  return Counted(OssOperation::kPing, DoPing(std::move(request)));
}

Task<Result<v1::OssConnectReply>> ObjectServer::DoConnect(v1::OssConnectRequest request) {
  co_await Hop(*strand_);
  const v1::RequestHeader& header = request.header();
  NACRE_CO_RETURN_IF_ERROR(CheckRequestHeader(header, options_.fsid, FsidRule::kMayBeEmpty));
  if (stopped_in_recovery_) co_return Status(Code::kUnavailable, "the server is stopping");
  if (fenced_.IsOver(header.session()) && header.session() != 0) {
    co_return Status(Code::kFenced, "session " + std::to_string(header.session()) + " is over: the cluster has evicted its client");
  }
  if (window_.AwaitsAnother(header.session(), header.client_id())) {
    co_return Status(Code::kInvalid, "session " + std::to_string(header.session()) + " is another client's");
  }
  NACRE_CO_RETURN_IF_ERROR(sessions_.Open(header.session(), header.client_id(), "", clock_.Now()));
  unclaimed_sessions_.erase(header.session());
  v1::OssConnectReply reply;
  FillHeader(*reply.mutable_header(), 0);
  reply.set_fsid(options_.fsid);
  reply.set_ost_index(options_.ost_index);
  reply.set_recovering(window_.open());
  co_return reply;
}

Task<Result<v1::OssDisconnectReply>> ObjectServer::DoDisconnect(v1::OssDisconnectRequest request) {
  co_await Hop(*strand_);
  const v1::RequestHeader& header = request.header();
  // It ends before it noticed that the server has restarted: nobody is to wait for it.
  if (window_.Awaits(header.session(), header.client_id())) {
    (void)sessions_.Open(header.session(), header.client_id(), "", clock_.Now());
  }
  NACRE_CO_RETURN_IF_ERROR(AdmitClient(header));
  const Transno newest = sessions_.Find(header.session())->last_change;
  co_await committer_.CommitUpTo(newest);
  ForgetSession(header.session());
  co_await writers_.Remove(header.session());
  v1::OssDisconnectReply reply;
  FillHeader(*reply.mutable_header(), 0);
  co_return reply;
}

Task<Result<v1::CommitReply>> ObjectServer::DoCommit(v1::CommitRequest request) {
  co_await Hop(*strand_);
  const Status admitted = co_await AdmitOrderAfterRecovery(request.header());
  if (!admitted.ok()) co_return admitted;
  if (!Planted(PlantedBug::kFsyncBeforeSync)) co_await committer_.CommitAll();
  v1::CommitReply reply;
  FillHeader(*reply.mutable_header(), 0);
  co_return reply;
}

Task<Result<v1::OssPingReply>> ObjectServer::DoPing(v1::OssPingRequest request) {
  co_await Hop(*strand_);
  const v1::RequestHeader& header = request.header();
  NACRE_CO_RETURN_IF_ERROR(CheckRequestHeader(header, options_.fsid, FsidRule::kMayBeEmpty));
  // A ping of a client is a sign of life.
  if (header.session() != 0) (void)sessions_.Admit(header.session(), header.client_id(), clock_.Now());
  v1::OssPingReply reply;
  FillHeader(*reply.mutable_header(), 0);
  reply.set_fsid(options_.fsid);
  reply.set_ost_index(options_.ost_index);
  reply.set_capacity_bytes(space_.capacity_bytes());
  reply.set_free_bytes(space_.free_bytes());
  reply.set_used_bytes(space_.used_bytes());
  reply.set_objects(object_count_);
  reply.set_checksum_errors(pages_.checksum_errors());
  reply.set_clients_awaited(static_cast<uint32_t>(window_.awaited_count()));
  if (window_.open()) {
    const Duration left = std::max(Duration(0), window_.left());
    reply.set_recovering_ms_left(static_cast<uint32_t>(left.count() / 1'000'000));
  }
  reply.set_replayed(replayed_);
  reply.set_replays_refused(replays_refused_);
  reply.set_clients_missed(clients_missed_);
  if (!request.with_operations()) co_return reply;
  for (size_t i = 0; i < kOssOperationNames.size(); ++i) {
    const OperationCounters::Count& count = counters_.counts()[i];
    v1::OperationCount* out = reply.add_operations();
    out->set_operation(std::string(kOssOperationNames[i]));
    out->set_calls(count.calls);
    out->set_errors(count.errors);
    out->set_total_us(count.total_us);
    out->set_max_us(count.max_us);
  }
  co_return reply;
}

Task<Status> ObjectServer::EnterEpoch(const ObjectUse& object, uint64_t epoch) {
  if (epoch == object->row.file_epoch) co_return Status::Ok();
  if (epoch < object->row.file_epoch && Planted(PlantedBug::kOldEpochTaken)) co_return Status::Ok();
  if (epoch < object->row.file_epoch) {
    co_return Status(Code::kStaleEpoch, "object " + ToString(object->id) + " is at file epoch " +
                                            std::to_string(object->row.file_epoch) + ", the request at " +
                                            std::to_string(epoch));
  }
  if (!object->exists) co_return Status::Ok();  // what makes it exist sets the epoch
  co_await committer_.CommitUpTo(object->last_change);
  object->row.file_epoch = epoch;
  committer_.Changed(object.pointer(), kNobody, 0);
  co_return Status::Ok();
}

Task<Status> ObjectServer::CheckCondition(const ObjectUse& object, uint64_t page, const PageCondition& condition) {
  if (condition.kind == PageCondition::Kind::kNone || Planted(PlantedBug::kConditionIgnored)) co_return Status::Ok();
  const Result<std::optional<PageDigest>> digest = co_await pages_.Digest(*object, page);
  if (!digest.ok()) co_return digest.status();
  if (condition.HoldsFor(*digest)) co_return Status::Ok();
  co_return Status(Code::kLostRace, "object " + ToString(object->id) + " page " + std::to_string(page) +
                                        " is not what the writer read");
}

Status ObjectServer::CheckEncryption(const Object& object, bool encrypted) const {
  const ObjectEncryption asked = encrypted ? ObjectEncryption::kEncrypted : ObjectEncryption::kPlain;
  if (object.row.encryption == ObjectEncryption::kUnknown || object.row.encryption == asked) return Status::Ok();
  return Status(Code::kInvalid, "object " + ToString(object.id) +
                                    (encrypted ? " holds plain pages, the request's are encrypted"
                                               : " holds encrypted pages, the request's are not"));
}

void ObjectServer::MakeExist(Object& object, uint64_t file_epoch) {
  if (object.exists) return;
  object.exists = true;
  object.row.file_epoch = file_epoch;
  ++object_count_;
}

}  // namespace nacre
