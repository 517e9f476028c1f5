// ObjectServer: what the MDS orders. Each order is stable before it is answered, and its repeat changes nothing.
#include <algorithm>

#include "oss/core/object_server.h"

namespace nacre {
namespace {
PageWrite OnePage(uint64_t page, const std::string& bytes) {
  PageWrite write;
  write.first_page = page;
  write.page_count = 1;
  write.pieces.push_back(AsBytes(bytes));
  return write;
}
}  // namespace

Task<Result<bool>> ObjectServer::EnterEpochOfOrder(const ObjectUse& object, uint64_t epoch) {
  Status status = co_await LoadToChange(object);
  if (!status.ok()) co_return status;
  if (object->destroyed) co_return Status(Code::kStale, "object " + ToString(object->id) + " is destroyed");
  if (object->exists && epoch == object->row.file_epoch && epoch == object->row.change_epoch) co_return true;
  status = co_await EnterEpoch(object, epoch);
  if (!status.ok()) co_return status;
  co_return false;
}

ObjectServer::Done ObjectServer::FinishOrder(const ObjectUse& object, uint64_t file_epoch, int64_t mtime_ns,
                                             uint64_t bytes) {
  MakeExist(*object, file_epoch);
  object->row.change_epoch = file_epoch;
  if (mtime_ns != 0) object->row.mtime_ns = std::max(object->row.mtime_ns, mtime_ns);
  object->last_order = committer_.Changed(object.pointer(), kNobody, bytes);
  return Done{object->last_order, object->row.pages * kPageBytes};
}

Task<Result<v1::SetSizeReply>> ObjectServer::DoSetSize(v1::SetSizeRequest request) {
  co_await Hop(*strand_);
  const Status admitted = co_await AdmitOrderAfterRecovery(request.header());
  if (!admitted.ok()) co_return admitted;
  const Result<CheckedSetSize> checked = CheckSetSize(request);
  if (!checked.ok()) co_return checked.status();
  Done done;
  {
    const auto lock = co_await object_locks_.Exclusive(checked->object);
    const ObjectUse object = table_.Enter(checked->object);
    const Result<Done> result = co_await SetSizeLocked(object, request, *checked);
    if (!result.ok()) co_return result.status();
    done = *result;
  }
  co_await committer_.CommitUpTo(done.transno);
  v1::SetSizeReply reply;
  FillHeader(*reply.mutable_header(), done.transno);
  reply.set_allocated_bytes(done.allocated_bytes);
  co_return reply;
}

Task<Result<ObjectServer::Done>> ObjectServer::SetSizeLocked(const ObjectUse& object, const v1::SetSizeRequest& request,
                                                             const CheckedSetSize& checked) {
  const Result<bool> repeated = co_await EnterEpochOfOrder(object, request.file_epoch());
  if (!repeated.ok()) co_return repeated.status();
  if (*repeated) co_return Done{object->last_change, object->row.pages * kPageBytes};
  const uint64_t end_page = PagesCovering(request.size());
  const bool has_tail = !request.tail_page().empty();
  if (has_tail) NACRE_CO_RETURN_IF_ERROR(CheckEncryption(*object, request.encrypted()));
  Status status;
  if (end_page > 0) {
    status = co_await CheckCondition(object, end_page - 1, checked.tail);
    if (!status.ok()) co_return status;
  }
  PageWrite tail;
  if (has_tail) {
    tail = OnePage(end_page - 1, request.tail_page());
    status = co_await pages_.PrepareWrite(*object, tail, false);
    if (!status.ok()) co_return status;
  }
  PageDrop drop;
  drop.first_page = end_page;
  drop.end_page = std::max(end_page, PagesCovering(object->row.size));
  status = co_await pages_.PrepareDrop(*object, drop);
  if (!status.ok()) {
    co_await pages_.AbandonWrite(*object, tail);
    co_return status;
  }
  const Done done = FinishOrder(object, request.file_epoch(), request.mtime_ns(), has_tail ? kPageBytes : 0);
  pages_.ApplyDrop(*object, drop);
  pages_.ApplyWrite(*object, tail, done.transno);
  if (has_tail) object->row.encryption = request.encrypted() ? ObjectEncryption::kEncrypted : ObjectEncryption::kPlain;
  object->row.size = request.size();
  co_return Done{done.transno, object->row.pages * kPageBytes};
}

Task<Result<v1::PunchReply>> ObjectServer::DoPunch(v1::PunchRequest request) {
  co_await Hop(*strand_);
  const Status admitted = co_await AdmitOrderAfterRecovery(request.header());
  if (!admitted.ok()) co_return admitted;
  const Result<CheckedPunch> checked = CheckPunch(request);
  if (!checked.ok()) co_return checked.status();
  Done done;
  {
    const auto lock = co_await object_locks_.Exclusive(checked->object);
    const ObjectUse object = table_.Enter(checked->object);
    const Result<Done> result = co_await PunchLocked(object, request, *checked);
    if (!result.ok()) co_return result.status();
    done = *result;
  }
  co_await committer_.CommitUpTo(done.transno);
  v1::PunchReply reply;
  FillHeader(*reply.mutable_header(), done.transno);
  reply.set_allocated_bytes(done.allocated_bytes);
  co_return reply;
}

Task<Result<ObjectServer::Done>> ObjectServer::PunchLocked(const ObjectUse& object, const v1::PunchRequest& request,
                                                           const CheckedPunch& checked) {
  const Result<bool> repeated = co_await EnterEpochOfOrder(object, request.file_epoch());
  if (!repeated.ok()) co_return repeated.status();
  if (*repeated) co_return Done{object->last_change, object->row.pages * kPageBytes};
  std::vector<PageWrite> edges;
  PageDrop drop;
  const Status status = co_await PreparePunch(object, request, checked, edges, drop);
  if (!status.ok()) {
    for (PageWrite& edge : edges) co_await pages_.AbandonWrite(*object, edge);
    co_return status;
  }
  const Done done = FinishOrder(object, request.file_epoch(), request.mtime_ns(), edges.size() * kPageBytes);
  pages_.ApplyDrop(*object, drop);
  for (PageWrite& edge : edges) pages_.ApplyWrite(*object, edge, done.transno);
  if (!edges.empty()) {
    object->row.encryption = request.encrypted() ? ObjectEncryption::kEncrypted : ObjectEncryption::kPlain;
  }
  co_return Done{done.transno, object->row.pages * kPageBytes};
}

Task<Status> ObjectServer::PreparePunch(const ObjectUse& object, const v1::PunchRequest& request,
                                        const CheckedPunch& checked, std::vector<PageWrite>& edges, PageDrop& drop) {
  const uint64_t end_page = PagesCovering(object->row.size);
  if (request.edges_size() > 0) NACRE_CO_RETURN_IF_ERROR(CheckEncryption(*object, request.encrypted()));
  Status status;
  for (int i = 0; i < request.edges_size(); ++i) {
    // Cut off since the caller read it.
    if (request.edges(i).page() >= end_page) co_return Status(Code::kLostRace, "an edge page behind the object's end");
    status = co_await CheckCondition(object, request.edges(i).page(), checked.edges[static_cast<size_t>(i)]);
    if (!status.ok()) co_return status;
  }
  for (const v1::EdgePage& edge : request.edges()) {
    PageWrite write = OnePage(edge.page(), edge.ciphertext());
    status = co_await pages_.PrepareWrite(*object, write, false);
    if (!status.ok()) co_return status;
    edges.push_back(std::move(write));
  }
  drop.first_page = request.first_page();
  drop.end_page = std::min(checked.end_page, end_page);
  status = co_await pages_.PrepareDrop(*object, drop);
  co_return status;
}

Task<Result<v1::GlimpseReply>> ObjectServer::DoGlimpse(v1::GlimpseRequest request) {
  co_await Hop(*strand_);
  const Status admitted = co_await AdmitOrderAfterRecovery(request.header());
  if (!admitted.ok()) co_return admitted;
  const Result<std::vector<ObjectId>> ids = CheckGlimpse(request);
  if (!ids.ok()) co_return ids.status();
  v1::GlimpseReply reply;
  for (size_t i = 0; i < ids->size(); ++i) {
    Result<v1::GlimpseReply::Item> item = co_await GlimpseOne((*ids)[i], request.items(static_cast<int>(i)).raise_epoch());
    if (!item.ok()) co_return item.status();
    *reply.add_items() = std::move(*item);
  }
  if (request.commit()) co_await committer_.CommitAll();
  FillHeader(*reply.mutable_header(), 0);
  co_return reply;
}

Task<Result<v1::GlimpseReply::Item>> ObjectServer::GlimpseOne(ObjectId id, uint64_t raise_epoch) {
  const ObjectUse object = table_.Enter(id);
  Status status;
  if (raise_epoch != 0) {
    const auto lock = co_await object_locks_.Exclusive(id);
    status = co_await LoadToChange(object);
    if (!status.ok()) co_return status;
    if (!object->destroyed && raise_epoch > object->row.file_epoch) {
      // An object that is not there yet has to refuse late writes too.
      MakeExist(*object, 0);
      status = co_await EnterEpoch(object, raise_epoch);
      if (!status.ok()) co_return status;
    }
  } else {
    const auto lock = co_await object_locks_.Shared(id);
    status = co_await table_.Load(*object, ObjectTable::Purpose::kRead);
    if (!status.ok()) co_return status;
  }
  v1::GlimpseReply::Item item;
  const ObjectRow& row = object->row;
  const bool only_fences = row.size == 0 && row.pages == 0 && row.mtime_ns == 0 && row.change_epoch == 0;
  if (!object->exists || object->destroyed || only_fences) co_return item;
  item.set_exists(true);
  item.set_size(row.size);
  item.set_mtime_ns(row.mtime_ns);
  item.set_allocated_bytes(row.pages * kPageBytes);
  item.set_file_epoch(row.file_epoch);
  co_return item;
}

Task<Result<v1::DestroyReply>> ObjectServer::DoDestroy(v1::DestroyRequest request) {
  co_await Hop(*strand_);
  const Status admitted = co_await AdmitOrderAfterRecovery(request.header());
  if (!admitted.ok()) co_return admitted;
  const Result<std::vector<ObjectId>> ids = CheckDestroy(request);
  if (!ids.ok()) co_return ids.status();
  for (const ObjectId& id : *ids) {
    const Status status = co_await DestroyOne(id);
    if (!status.ok()) co_return status;
  }
  co_await committer_.CommitAll();
  v1::DestroyReply reply;
  FillHeader(*reply.mutable_header(), 0);
  co_return reply;
}

Task<Status> ObjectServer::DestroyOne(ObjectId id) {
  const auto lock = co_await object_locks_.Exclusive(id);
  const ObjectUse object = table_.Enter(id);
  const Status loaded = co_await table_.Load(*object, ObjectTable::Purpose::kChange);
  if (!loaded.ok()) co_return loaded;
  if (object->destroyed) co_return Status::Ok();
  object->destroyed = true;
  object->destroyed_at_wall_seconds = static_cast<uint64_t>(std::max<int64_t>(clock_.WallNs(), 0)) / 1'000'000'000;
  if (object->exists) --object_count_;
  committer_.Changed(object.pointer(), kNobody, 0);
  co_return Status::Ok();
}

}  // namespace nacre
