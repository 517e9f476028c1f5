// ObjectServer: what happens before serving, and in the background.
#include <algorithm>

#include "common/wire/wire.h"
#include "oss/core/object_server.h"

namespace nacre {
namespace {
// Of tombstones: what holds an io thread or the strand at once, and what one round of housekeeping does. A round every 15 s
// ends more than any client can destroy meanwhile.
constexpr size_t kLookedAtOnceMax = 10'000;
constexpr size_t kPurgedAtOnceMax = 1000;
constexpr size_t kLookedAtInARoundMax = 1'000'000;
constexpr size_t kPurgedInARoundMax = 100'000;
}  // namespace

Task<Status> ObjectServer::Start(SessionFences fences) {
  co_await Hop(io_);
  Status status = co_await CheckIdentity();
  if (!status.ok()) co_return status;
  const Result<Census> census = CountObjects();
  if (!census.ok()) co_return census.status();
  Result<RecoveryWindow::Awaited> writers = WriterRows::Load(kv_);
  if (!writers.ok()) co_return writers.status();
  co_await Hop(*strand_);
  object_count_ = census->objects;
  space_.Take(census->pages);
  status = LoadReplies();
  if (!status.ok()) co_return status;
  status = LoadFences();
  if (!status.ok()) co_return status;
  status = co_await FenceBeforeStart(fences, &*writers);
  if (!status.ok()) co_return status;
  started_ = clock_.Now();
  OpenRecoveryWindow(*writers);
  timer_.After(options_.housekeeping_interval, [this] { Housekeep(); });
  background_.Start(RemoveLeftovers());
  co_return Status::Ok();
}

Task<Status> ObjectServer::CheckIdentity() {
  const Result<std::optional<std::string>> row = kv_.Get(kMetaFamily, kStoreKey);
  if (!row.ok()) co_return row.status();
  Status fits;
  if (row->has_value()) {
    fits = CheckStoreIdentity(**row);
  } else {
    fits = co_await CheckDeviceIsEmpty();
  }
  if (!fits.ok()) co_return fits;
  KvBatch batch;
  batch.Put(kMetaFamily, std::string(kStoreKey),
            EncodeStoreIdentity({options_.fsid, options_.ost_index, options_.boot_count}));
  co_return kv_.Apply(batch, KvStore::Durability::kSynced);
}

Status ObjectServer::CheckStoreIdentity(std::string_view row) const {
  const Result<StoreIdentity> found = DecodeStoreIdentity(row);
  if (!found.ok()) return found.status();
  if (found->fsid != options_.fsid) return Status(Code::kInvalid, "the object store is another filesystem's (fsid differs)");
  if (found->ost_index != options_.ost_index) {
    return Status(Code::kInvalid, "the object store is OST " + std::to_string(found->ost_index) + "'s, not OST " +
                                      std::to_string(options_.ost_index) + "'s");
  }
  if (found->boot_count >= options_.boot_count) {
    return Status(Code::kInvalid, "boot count " + std::to_string(options_.boot_count) + " is not above the store's " +
                                      std::to_string(found->boot_count) + ": an old identity file?");
  }
  return Status::Ok();
}

// The first life stores its identity before it takes any object. So objects beside a store that knows of no life are not
// leftovers: their map is missing (a mount that is not there, a lost db/), and without it every one would be removed.
Task<Status> ObjectServer::CheckDeviceIsEmpty() {
  for (uint32_t part = 0; part < kDevicePartCount; ++part) {
    const Result<std::vector<ObjectId>> ids = co_await device_.List(part);
    if (!ids.ok()) co_return ids.status();
    if (ids->empty()) continue;
    co_return Status(Code::kIntegrity, "there are object files (" + ToString(ids->front()) +
                                           " is one), but the store that maps them is empty: is db/ of the data directory "
                                           "mounted, or was it lost? Nothing was removed; give db/ back, or, to give the "
                                           "objects up, remove objects/ yourself");
  }
  co_return Status::Ok();
}

Result<ObjectServer::Census> ObjectServer::CountObjects() {
  Census census;
  const std::unique_ptr<KvCursor> at = kv_.Seek(kObjectFamily, "");
  for (; at->Valid(); at->Next()) {
    const Result<ObjectRow> row = DecodeObjectRow(at->value());
    if (!row.ok()) return row.status();
    ++census.objects;
    census.pages += row->pages;
  }
  NACRE_RETURN_IF_ERROR(at->status());
  return census;
}

// Files of writes that no batch made stable, and of objects whose removal a crash cut short. What their slots hold is no
// object's page, so nobody waits for this: a million files take seconds to look through.
Task<void> ObjectServer::RemoveLeftovers() {
  bool saw_all = true;
  for (uint32_t part = 0; part < kDevicePartCount; ++part) {
    co_await Hop(io_);
    const Result<std::vector<ObjectId>> ids = co_await device_.List(part);
    std::vector<ObjectId> rowless;
    if (ids.ok()) {
      std::copy_if(ids->begin(), ids->end(), std::back_inserter(rowless), [this](const ObjectId& id) {
        const Result<std::optional<std::string>> row = kv_.Get(kObjectFamily, ObjectKey(id));
        return row.ok() && !row->has_value();
      });
    }
    co_await Hop(*strand_);
    if (!ids.ok()) {
      saw_all = false;
      if (options_.notice) options_.notice("files of no object may stay until the next start: " + ids.status().ToString());
    }
    for (const ObjectId& id : rowless) {
      if (!stopping_) co_await RemoveIfLeft(id);
    }
    if (stopping_) co_return;
  }
  may_have_leftovers_ = !saw_all;
}

// Blocks of a leftover that became an object's file would never be given back: no row says that they are free.
Task<Status> ObjectServer::LoadToChange(const ObjectUse& object) {
  Status status = co_await table_.Load(*object, ObjectTable::Purpose::kChange);
  if (!status.ok() || object->exists || object->destroyed || !may_have_leftovers_) co_return status;
  co_await Hop(io_);
  status = co_await device_.Remove(object->id);
  co_await Hop(*strand_);
  co_return status;
}

// It may have been written meanwhile, or again.
Task<void> ObjectServer::RemoveIfLeft(ObjectId id) {
  const auto lock = co_await object_locks_.Exclusive(id);
  const Object* known = table_.Peek(id);
  if (known != nullptr && known->exists) co_return;
  co_await Hop(io_);
  const Result<std::optional<std::string>> row = kv_.Get(kObjectFamily, ObjectKey(id));
  if (row.ok() && !row->has_value()) {
    const Status ignored = co_await device_.Remove(id);  // what stays, the next start removes
    (void)ignored;
  }
  co_await Hop(*strand_);
}

Status ObjectServer::LoadReplies() {
  const std::unique_ptr<KvCursor> at = kv_.Seek(kReplyFamily, "");
  for (; at->Valid(); at->Next()) {
    std::optional<ReplyRecord> record = DecodeReplyRecord(at->value());
    if (at->key().size() != 12 || !record) return Status(Code::kIntegrity, "a reply record is malformed");
    const uint8_t* key = AsBytes(at->key()).data();
    const uint64_t session = LoadBigEndian64(key);
    replies_.Record(session, LoadBigEndian32(key + 8), std::move(*record));
    unclaimed_sessions_.insert(session);
  }
  return at->status();
}

void ObjectServer::Housekeep() {
  timer_.After(options_.housekeeping_interval, [this] { Housekeep(); });
  CloseSilentSessions();
  ForgetIdleWriters();
  if (purging_) return;
  purging_ = true;
  background_.Start(PurgeTombstones());
}

void ObjectServer::CloseSilentSessions() {
  const MonotonicTime now = clock_.Now();
  const MonotonicTime limit{now.ns - options_.session_silence_max.count()};
  for (uint64_t session : sessions_.SilentSince(limit)) ForgetSession(session);
  if (now - started_ < options_.session_silence_max) return;
  const std::set<uint64_t> unclaimed = std::exchange(unclaimed_sessions_, {});
  for (uint64_t session : unclaimed) ForgetSession(session);
}

// Nobody waits for a session all of whose writes are stable, unless it goes on writing.
void ObjectServer::ForgetIdleWriters() {
  if (window_.open()) return;
  for (uint64_t session : writers_.Idle()) {
    const KnownSession* known = sessions_.Find(session);
    if (known == nullptr || known->last_change <= committer_.stable()) background_.Start(writers_.Remove(session));
  }
}

void ObjectServer::ForgetSession(uint64_t session) {
  (void)sessions_.Close(session);
  window_.Done(session);
  for (std::string& key : replies_.Drop(session)) committer_.DeleteRow(kReplyFamily, std::move(key));
}

// A round goes on where the last one ended, so that it does not pay for those before, and ends at a bound: what it finds
// waits in memory for the next batch. Tombstones lie in the order of objects, so all have to be looked at.
Task<void> ObjectServer::PurgeTombstones() {
  const uint64_t now = static_cast<uint64_t>(clock_.WallNs()) / 1'000'000'000;
  const uint64_t expired_before = now - std::min(now, options_.tombstone_seconds);
  size_t looked_at = 0, purged = 0;
  do {
    co_await Hop(io_);
    Result<TombstoneScan> scan = ScanTombstones(purge_from_, expired_before);
    co_await Hop(*strand_);
    if (!scan.ok()) break;  // the store's fault shows where it matters; the next round tries again
    for (std::string& key : scan->expired) committer_.DeleteRow(kTombstoneFamily, std::move(key));
    looked_at += scan->looked_at;
    purged += scan->expired.size();
    purge_from_ = std::move(scan->next);
  } while (!purge_from_.empty() && looked_at < kLookedAtInARoundMax && purged < kPurgedInARoundMax);
  purging_ = false;
}

Result<ObjectServer::TombstoneScan> ObjectServer::ScanTombstones(std::string_view from, uint64_t expired_before) const {
  TombstoneScan scan;
  const std::unique_ptr<KvCursor> at = kv_.Seek(kTombstoneFamily, from);
  for (; at->Valid(); at->Next()) {
    if (scan.looked_at == kLookedAtOnceMax || scan.expired.size() == kPurgedAtOnceMax) {
      scan.next = std::string(at->key());
      break;
    }
    ++scan.looked_at;
    const Result<uint64_t> since = DecodeTombstone(at->value());
    if (since.ok() && *since < expired_before) scan.expired.emplace_back(at->key());
  }
  NACRE_RETURN_IF_ERROR(at->status());
  return scan;
}

}  // namespace nacre
