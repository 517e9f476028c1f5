// ObjectServer: writes, with their conditions and reply records.
#include <algorithm>

#include "oss/core/object_server.h"

#include "common/base/planted_bug.h"

namespace nacre {

std::optional<Result<v1::WriteReply>> ObjectServer::AnswerFromRecord(const v1::RequestHeader& header) {
  if (Planted(PlantedBug::kResendDoneAgain)) return std::nullopt;
  switch (replies_.Judge(header.session(), header.slot(), header.xid())) {
    case Seen::kNew:
      return std::nullopt;
    case Seen::kPast:
      return Status(Code::kInvalid, "request " + std::to_string(header.xid()) + " is older than what its slot did last");
    case Seen::kRefused:
      return Result<v1::WriteReply>(replies_.RefusalOf(header.session(), header.slot()));
    case Seen::kAnswered:
      break;
  }
  const ReplyRecord* record = replies_.Find(header.session(), header.slot());
  v1::WriteReply reply;
  if (!reply.ParseFromString(record->reply)) return Status(Code::kIntegrity, "a reply record is malformed");
  FillHeader(*reply.mutable_header(), record->transno);
  return reply;
}

Task<Result<v1::WriteReply>> ObjectServer::DoWrite(v1::WriteHeader request, CipherRunPtr run) {
  co_await Hop(*strand_);
  NACRE_CO_RETURN_IF_ERROR(AdmitClient(request.header(), ReplayRule::kTaken));
  const Result<CheckedWrite> checked = CheckWrite(request, run.get());
  if (!checked.ok()) co_return checked.status();

  // A resend that overtakes its original waits for it, and is answered from its record.
  const SlotKey slot_key(request.header().session(), request.header().slot());
  const auto slot = co_await slot_locks_.Exclusive(slot_key);
  std::optional<Result<v1::WriteReply>> answered =
      request.header().replay() ? JudgeReplay(request.header()) : AnswerFromRecord(request.header());
  if (answered) co_return std::move(*answered);
  if (!request.header().replay()) NACRE_CO_RETURN_IF_ERROR(CheckRecovered());

  const Result<WriterRows::Writing> writing =
      co_await writers_.Begin(request.header().session(), request.header().client_id());
  if (!writing.ok()) RememberRefusal(request.header(), writing.status());
  if (!writing.ok()) co_return writing.status();
  co_await committer_.WaitForRoom();
  const auto lock = co_await object_locks_.Exclusive(checked->object);
  const ObjectUse object = table_.Enter(checked->object);
  Result<v1::WriteReply> reply = co_await WriteLocked(object, request, *checked, *run);
  if (request.header().replay()) ++(reply.ok() ? replayed_ : replays_refused_);
  if (!reply.ok()) RememberRefusal(request.header(), reply.status());
  co_return reply;
}

void ObjectServer::RememberRefusal(const v1::RequestHeader& header, const Status& why) {
  if (sessions_.Find(header.session()) == nullptr) return;
  replies_.Refuse(header.session(), header.slot(), header.xid(), why);
}

Task<Result<v1::WriteReply>> ObjectServer::WriteLocked(const ObjectUse& object, const v1::WriteHeader& request,
                                                       const CheckedWrite& checked, const CipherRun& run) {
  Status status = co_await LoadToChange(object);
  if (!status.ok()) co_return status;
  if (object->destroyed) co_return Status(Code::kStale, "object " + ToString(object->id) + " is destroyed");
  status = co_await EnterEpoch(object, request.file_epoch());
  if (!status.ok()) co_return status;
  NACRE_CO_RETURN_IF_ERROR(CheckEncryption(*object, request.encrypted()));
  const Sight sight{.first_page = checked.first_page,
                    .page_count = request.page_count(),
                    .size = request.has_object_size_max()};
  co_await CommitWhatIsShared(*object, request.header().session(), sight);
  status = co_await CheckCondition(object, checked.first_page, checked.first);
  if (!status.ok()) co_return status;
  status = co_await CheckCondition(object, checked.first_page + request.page_count() - 1, checked.last);
  if (!status.ok()) co_return status;
  // A replayed append has found its place once; others' writes behind it may have been replayed before it.
  if (!request.header().replay() && request.has_object_size_max() && object->row.size > request.object_size_max()) {
    co_return Status(Code::kLostRace, "object " + ToString(object->id) + " grew since its end was asked for");
  }

  PageWrite pages;
  pages.first_page = checked.first_page;
  pages.page_count = request.page_count();
  pages.pieces = run.pieces();
  // What was answered once had room then.
  if (request.header().replay()) {
    status = co_await pages_.PrepareWrite(*object, pages, false);
  } else {
    status = co_await PrepareLimited(*object, pages);
  }
  if (!status.ok()) co_return status.With("writing object " + ToString(object->id));
  KnownSession* session = sessions_.Find(request.header().session());
  if (session == nullptr) {
    co_await pages_.AbandonWrite(*object, pages);
    co_return Status(Code::kNotConnected, "the session was closed while it wrote");
  }
  co_return ApplyWrite(object, request, pages, *session);
}

Task<Status> ObjectServer::PrepareLimited(Object& object, PageWrite& pages) {
  Status status = co_await pages_.PrepareWrite(object, pages, true);
  if (status.code() != Code::kNoSpace || committer_.last() == committer_.stable()) co_return status;
  co_await committer_.CommitAll();
  pages.spans.clear();
  pages.crcs.clear();
  status = co_await pages_.PrepareWrite(object, pages, true);
  co_return status;
}

v1::WriteReply ObjectServer::ApplyWrite(const ObjectUse& object, const v1::WriteHeader& request, PageWrite& pages,
                                        KnownSession& session) {
  const uint64_t bytes = pages.page_count * kPageBytes;
  const Transno transno = committer_.Changed(object.pointer(), session.number, bytes);
  pages_.ApplyWrite(*object, pages, transno);
  MakeExist(*object, request.file_epoch());
  ObjectRow& row = object->row;
  row.encryption = request.encrypted() ? ObjectEncryption::kEncrypted : ObjectEncryption::kPlain;
  const uint64_t size_diff = Planted(PlantedBug::kSizeDiffIgnored) ? 0 : request.size_diff();
  const uint64_t end = request.offset() + bytes - size_diff;
  if (end > row.size) {
    row.size = end;
    object->last_growth = transno;
  }
  row.mtime_ns = std::max(row.mtime_ns, request.mtime_ns());
  session.last_change = transno;

  v1::WriteReply reply;
  reply.set_object_size(row.size);
  reply.set_allocated_bytes(row.pages * kPageBytes);
  const v1::RequestHeader& header = request.header();
  ReplyRecord record{.xid = header.xid(), .transno = transno, .reply = reply.SerializeAsString()};
  if (Planted(PlantedBug::kNoReplyRecord)) {
    FillHeader(*reply.mutable_header(), transno);
    return reply;
  }
  committer_.PutRow(kReplyFamily, ReplyKey(header.session(), header.slot()), EncodeReplyRecord(record));
  replies_.Record(header.session(), header.slot(), std::move(record));
  FillHeader(*reply.mutable_header(), transno);
  return reply;
}

}  // namespace nacre
