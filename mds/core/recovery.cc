#include "mds/core/recovery.h"

#include <string>
#include <utility>
#include <vector>

#include "mds/core/change.h"
#include "mds/core/files.h"

namespace nacre {
namespace {

Status Malformed(const char* family) { return Status(Code::kIo, std::string("a row of family ") + family + " is malformed"); }

Status LoadAwaited(Core& core) {
  auto cursor = core.kv.Seek(kSessionFamily, {});
  for (; cursor->Valid(); cursor->Next()) {
    rows::SessionRow row;
    const auto number = DecodeNumber(cursor->key());
    if (!number || !row.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size()))) {
      return Malformed("session");
    }
    if (row.evicted()) {
      core.evictions.Begin(*number);
      continue;
    }
    core.awaited.emplace(*number, row.client_id());
    for (uint64_t seq : row.fid_ranges()) core.grants.Grant(*number, seq);
  }
  return cursor->status();
}

Status LoadReplies(Core& core) {
  auto cursor = core.kv.Seek(kReplyFamily, {});
  for (; cursor->Valid(); cursor->Next()) {
    std::optional<ReplyRecord> record = DecodeReplyRecord(cursor->value());
    if (cursor->key().size() != 12 || !record) return Malformed("reply");
    const uint8_t* key = AsBytes(cursor->key()).data();
    core.replies.Record(LoadBigEndian64(key), LoadBigEndian32(key + 8), std::move(*record));
  }
  return cursor->status();
}

Status RemoveOrphans(Core& core) {
  std::vector<Fid> orphans;
  auto cursor = core.kv.Seek(kOrphanFamily, {});
  for (; cursor->Valid(); cursor->Next()) {
    if (cursor->key().size() != kFidBytes) return Malformed("orphan");
    const Fid fid = LoadFid(AsBytes(cursor->key()).data());
    if (!core.openers.IsOpen(fid)) orphans.push_back(fid);
  }
  NACRE_RETURN_IF_ERROR(cursor->status());
  for (const Fid& fid : orphans) {
    auto row = core.inodes.Find(fid);
    if (!row.ok()) return row.status();
    Change change(core);
    NACRE_RETURN_IF_ERROR(change.RemoveInode(fid, **row));
    change.Apply();
  }
  return Status::Ok();
}

void Notice(Core& core, const Status& status) {
  if (core.options.notice) core.options.notice(status);
}

void Say(Core& core, const std::string& what) {
  if (core.options.progress) core.options.progress(what);
}

// The first of those who wait for the window, so it is through before any new work begins.
Task<void> CleanUpWhenRecovered(Core& core) {
  co_await Hop(core.strand);
  const bool recovered = core.window.open();
  co_await core.window.Closed();
  if (core.stopping) co_return;
  if (recovered) Say(core, "recovered: " + std::to_string(core.replayed) + " changes replayed");
  for (const Fid& fid : core.openers.Files()) {
    if (core.inodes.Find(fid).code() == Code::kStale) core.openers.Forget(fid);  // no replay brought it back
  }
  const Status removed = RemoveOrphans(core);
  // They stay, and the next start tries again; nobody can reach them.
  if (!removed.ok()) Notice(core, removed.With("removing files that were open when the server stopped"));
}

}  // namespace

Status LoadSessions(Core& core) {
  NACRE_RETURN_IF_ERROR(LoadAwaited(core));
  return LoadReplies(core);
}

void StartRecovery(Core& core) {
  core.window.Open(std::exchange(core.awaited, {}), core.clock.Now(), core.options.recovery_window);
  if (core.window.open()) {
    Say(core, "recovering: " + std::to_string(core.window.awaited_count()) + " clients may come back, and have changes to replay");
  }
  core.tasks.Start(CleanUpWhenRecovered(core));
}

void EndRecoveryInTime(Core& core) {
  if (!core.window.open() || !core.window.IsOverAt(core.clock.Now())) return;
  const std::vector<uint64_t> missed = core.window.Close();
  // Some came back, and did not get through.
  for (uint64_t session : missed) EndSession(core, session, SessionEnd::kEvicted);
  Notice(core, Status(Code::kTimedOut, std::to_string(missed.size()) + " clients did not come back in time: evicted"));
}

Status CheckRecovered(const Core& core) {
  if (core.stopping) return Status(Code::kUnavailable, "the server is stopping");
  if (!core.window.open()) return Status::Ok();
  return Status(Code::kUnavailable, "the server has restarted and waits for " +
                                        std::to_string(core.window.awaited_count()) + " clients to come back");
}

}  // namespace nacre
