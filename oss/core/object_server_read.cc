// ObjectServer: reads.
#include <algorithm>

#include "oss/core/object_server.h"

namespace nacre {

Task<Result<ObjectPages>> ObjectServer::DoRead(v1::ReadRequest request) {
  co_await Hop(*strand_);
  NACRE_CO_RETURN_IF_ERROR(AdmitClient(request.header()));
  NACRE_CO_RETURN_IF_ERROR(CheckRecovered());
  const Result<ObjectId> id = CheckRead(request);
  if (!id.ok()) co_return id.status();
  const ObjectUse object = table_.Enter(*id);
  {
    const auto lock = co_await object_locks_.Shared(*id);
    const Status loaded = co_await table_.Load(*object, ObjectTable::Purpose::kRead);
    if (!loaded.ok()) co_return loaded;
    if (!object->exists || request.file_epoch() <= object->row.file_epoch) {
      Result<ObjectPages> pages = co_await ReadLocked(object, request);
      co_return pages;
    }
  }
  // A higher epoch fences from reads too; taking it is a change.
  const auto lock = co_await object_locks_.Exclusive(*id);
  if (!object->destroyed && object->exists && request.file_epoch() > object->row.file_epoch) {
    const Status entered = co_await EnterEpoch(object, request.file_epoch());
    if (!entered.ok()) co_return entered;
  }
  Result<ObjectPages> pages = co_await ReadLocked(object, request);
  co_return pages;
}

Task<Result<ObjectPages>> ObjectServer::ReadLocked(const ObjectUse& object, const v1::ReadRequest& request) {
  if (object->destroyed) co_return Status(Code::kStale, "object " + ToString(object->id) + " is destroyed");
  if (object->exists && request.file_epoch() < object->row.file_epoch) {
    co_return Status(Code::kStaleEpoch, "object " + ToString(object->id) + " is at file epoch " +
                                            std::to_string(object->row.file_epoch) + ", the request at " +
                                            std::to_string(request.file_epoch()));
  }
  const uint64_t end_page = object->exists ? PagesCovering(object->row.size) : 0;
  uint32_t page_count = 0;
  if (request.first_page() < end_page) {
    page_count = static_cast<uint32_t>(std::min<uint64_t>(request.page_count(), end_page - request.first_page()));
  }
  const bool shows_end = request.first_page() + request.page_count() >= end_page;
  const Sight sight{.first_page = request.first_page(), .page_count = page_count, .size = shows_end};
  co_await CommitWhatIsShared(*object, request.header().session(), sight);
  ObjectPages out;
  if (page_count > 0) {
    Result<PagesRead> pages = co_await pages_.Read(*object, request.first_page(), page_count);
    if (!pages.ok()) co_return pages.status();
    for (const Interval& hole : pages->holes) {
      v1::PageRange* range = out.header.add_holes();
      range->set_first(hole.first);
      range->set_count(hole.count);
    }
    out.run = std::move(pages->run);
  }
  FillHeader(*out.header.mutable_header(), 0);
  out.header.set_request_xid(request.header().xid());
  out.header.set_object_size(object->exists ? object->row.size : 0);
  out.header.set_file_epoch(object->row.file_epoch);
  out.header.set_page_count(page_count);
  out.header.set_encrypted(object->row.encryption == ObjectEncryption::kEncrypted);
  co_return out;
}

}  // namespace nacre
