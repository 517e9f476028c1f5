// ObjectServer: which objects there are, for the MDS to compare with what it knows (fsck). Changes nothing.
#include <algorithm>
#include <utility>

#include "oss/core/object_server.h"

namespace nacre {
namespace {

constexpr uint32_t kListedMax = 1000;
constexpr size_t kFromBytesMax = 1024;

using Listing = v1::ListObjectsReply;

void Show(const ObjectRow& row, Listing::Item& item) {
  item.set_size(row.size);
  item.set_pages(row.pages);
  item.set_file_epoch(row.file_epoch);
  item.set_encrypted(row.encryption == ObjectEncryption::kEncrypted);
}

// As the store has them. A row that cannot be read is shown as such, and holds up no other.
Result<Listing> ReadRows(KvStore& kv, const std::string& from, uint32_t objects_max) {
  Listing listing;
  const std::unique_ptr<KvCursor> at = kv.Seek(kObjectFamily, from);
  for (; at->Valid(); at->Next()) {
    if (static_cast<uint32_t>(listing.items_size()) == objects_max) {
      listing.set_next(std::string(at->key()));
      break;
    }
    Listing::Item& item = *listing.add_items();
    item.set_key(std::string(at->key()));
    const Result<ObjectRow> row = DecodeObjectRow(at->value());
    item.set_unreadable(!row.ok() || at->key().size() != kObjectIdBytes);
    if (!item.unreadable()) Show(*row, item);
  }
  NACRE_RETURN_IF_ERROR(at->status());
  return listing;
}

// What was changed since it was written to the store: memory knows. False: the object is not there any more.
bool Overlay(const ObjectTable& table, Listing::Item& item) {
  if (item.unreadable()) return true;
  const Object* object = table.Peek(LoadObjectId(AsBytes(item.key()).data()));
  if (object == nullptr) return true;
  if (!object->exists || object->destroyed) return false;
  Show(object->row, item);
  return true;
}

}  // namespace

Task<Result<v1::ListObjectsReply>> ObjectServer::DoListObjects(v1::ListObjectsRequest request) {
  co_await Hop(*strand_);
  if (request.header().session() != 0) {
    co_return Status(Code::kNotPermitted, "objects are listed by order of the MDS only");
  }
  const Status admitted = co_await AdmitOrderAfterRecovery(request.header());
  if (!admitted.ok()) co_return admitted;
  if (request.from().size() > kFromBytesMax) {
    co_return Status(Code::kInvalid, "a place to list from that is no object's key");
  }
  const uint32_t objects_max = request.objects_max() == 0 ? kListedMax : std::min(request.objects_max(), kListedMax);
  // Objects are in the store only once they are stable.
  if (request.from().empty()) co_await committer_.CommitAll();
  co_await Hop(io_);
  Result<Listing> stored = ReadRows(kv_, request.from(), objects_max);
  co_await Hop(*strand_);
  if (!stored.ok()) co_return stored.status();
  Listing reply;
  for (Listing::Item& item : *stored->mutable_items()) {
    if (Overlay(table_, item)) *reply.add_items() = std::move(item);
  }
  reply.set_next(std::move(*stored->mutable_next()));
  FillHeader(*reply.mutable_header(), 0);
  co_return reply;
}

}  // namespace nacre
