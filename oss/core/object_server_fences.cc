// ObjectServer: sessions that the cluster has ended without their clients (DESIGN §5, "Eviction"). What they wrote becomes
// stable; nothing more of them is taken, whatever is still on its way, by this life or a later one.
#include "common/base/planted_bug.h"
#include "oss/core/object_server.h"

namespace nacre {

Status ObjectServer::LoadFences() {
  const std::unique_ptr<KvCursor> at = kv_.Seek(kFencedFamily, "");
  for (; at->Valid(); at->Next()) {
    const Result<uint64_t> session = DecodeFenced(at->key(), at->value());
    if (!session.ok()) return session.status();
    (void)fenced_.Evict(*session);
  }
  return at->status();
}

Task<Status> ObjectServer::FenceBeforeStart(const SessionFences& told, RecoveryWindow::Awaited* writers) {
  KvBatch batch;
  for (uint64_t session : told.evicted) {
    if (fenced_.Evict(session)) batch.Put(kFencedFamily, FencedKey(session), std::string(kFencedRow));
  }
  for (uint64_t session : fenced_.RaiseOldest(told.oldest)) batch.Delete(kFencedFamily, FencedKey(session));
  std::erase_if(unclaimed_sessions_, [&](uint64_t session) {
    if (!fenced_.IsOver(session)) return false;
    for (std::string& key : replies_.Drop(session)) batch.Delete(kReplyFamily, std::move(key));
    return true;
  });
  std::erase_if(*writers, [&](const auto& writer) {
    if (fenced_.IsOver(writer.first)) batch.Delete(kMetaFamily, WriterKey(writer.first));
    return fenced_.IsOver(writer.first);
  });
  if (batch.empty()) co_return Status::Ok();
  co_await Hop(io_);
  const Status stored = kv_.Apply(batch, KvStore::Durability::kSynced);
  co_await Hop(*strand_);
  co_return stored.With("noting which sessions are over");
}

// Of those that this server knows anything of.
std::set<uint64_t> ObjectServer::SessionsThatAreOver() const {
  std::set<uint64_t> over = unclaimed_sessions_;
  for (const std::vector<uint64_t>& some : {sessions_.Numbers(), window_.Sessions()}) over.insert(some.begin(), some.end());
  std::erase_if(over, [this](uint64_t session) { return !fenced_.IsOver(session); });
  return over;
}

Task<Status> ObjectServer::Fence(SessionFences told) {
  co_await Hop(*strand_);
  if (Planted(PlantedBug::kFencesIgnored)) co_return Status::Ok();
  bool evicted = false;
  for (uint64_t session : told.evicted) {
    if (!fenced_.Evict(session)) continue;
    committer_.PutRow(kFencedFamily, FencedKey(session), std::string(kFencedRow));
    evicted = true;
  }
  for (uint64_t session : fenced_.RaiseOldest(told.oldest)) committer_.DeleteRow(kFencedFamily, FencedKey(session));
  const std::set<uint64_t> over = SessionsThatAreOver();
  // A write of theirs that is under way finds its session gone before it changes anything (WriteLocked).
  for (uint64_t session : over) {
    ForgetSession(session);
    unclaimed_sessions_.erase(session);
  }
  if (evicted || !over.empty()) last_fence_ = committer_.RowsChanged();
  co_await committer_.CommitUpTo(last_fence_);  // also of a call before this one, that has not ended
  for (uint64_t session : over) co_await writers_.Remove(session);
  if (!over.empty() && options_.notice) options_.notice(std::to_string(over.size()) + " sessions are over, as MDT0000 says");
  co_return Status::Ok();
}

}  // namespace nacre
