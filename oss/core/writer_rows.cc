#include "oss/core/writer_rows.h"

#include "common/wire/wire.h"
#include "oss/core/rows.h"

namespace nacre {

Result<std::map<uint64_t, std::string>> WriterRows::Load(KvStore& kv) {
  std::map<uint64_t, std::string> loaded;
  const std::unique_ptr<KvCursor> at = kv.Seek(kMetaFamily, kWriterKeyPrefix);
  for (; at->Valid() && at->key().starts_with(kWriterKeyPrefix); at->Next()) {
    const Result<Writer> writer = DecodeWriter(at->key(), at->value());
    if (!writer.ok()) return writer.status();
    loaded.emplace(writer->session, writer->client_id);
  }
  NACRE_RETURN_IF_ERROR(at->status());
  return loaded;
}

void WriterRows::TakeOver(const std::map<uint64_t, std::string>& loaded) {
  for (const auto& [session, client_id] : loaded) rows_[session].stored = true;
}

Task<Result<WriterRows::Writing>> WriterRows::Begin(uint64_t session, std::string client_id) {
  Row& row = rows_[session];  // stays while a write is under way
  row.used = true;
  ++row.under_way;
  Writing writing(this, session);
  if (row.stored && !row.changing) co_return writing;
  const auto alone = co_await locks_.Exclusive(session);
  if (row.stored) co_return writing;
  KvBatch batch;
  batch.Put(kMetaFamily, WriterKey(session), EncodeWriter(client_id));
  row.changing = true;
  co_await Hop(io_);
  const Status stored = kv_.Apply(batch, KvStore::Durability::kSynced);
  co_await Hop(strand_);
  row.changing = false;
  if (!stored.ok()) {
    const Status failed = stored.With("noting that session " + std::to_string(session) + " writes");
    if (failed.code() != Code::kNoSpace) fatal_(failed);
    co_return failed;
  }
  row.stored = true;
  co_return writing;
}

Task<void> WriterRows::Remove(uint64_t session) {
  const auto alone = co_await locks_.Exclusive(session);
  const auto it = rows_.find(session);
  if (it == rows_.end() || it->second.under_way > 0) co_return;
  Row& row = it->second;
  KvBatch batch;
  batch.Delete(kMetaFamily, WriterKey(session));
  row.changing = true;
  co_await Hop(io_);
  const Status removed = kv_.Apply(batch, KvStore::Durability::kApplied);
  co_await Hop(strand_);
  row.changing = false;
  row.stored = !removed.ok();  // a row too many does no harm
  if (row.under_way == 0) rows_.erase(session);
}

std::vector<uint64_t> WriterRows::Idle() {
  std::vector<uint64_t> idle;
  for (auto& [session, row] : rows_) {
    if (!std::exchange(row.used, false) && row.under_way == 0) idle.push_back(session);
  }
  return idle;
}

std::vector<uint64_t> WriterRows::All() const {
  std::vector<uint64_t> all;
  for (const auto& [session, row] : rows_) all.push_back(session);
  return all;
}

}  // namespace nacre
