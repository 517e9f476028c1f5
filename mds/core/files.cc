#include "mds/core/files.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "mds/core/change.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

constexpr size_t kSettledAtOnce = 200;

Task<void> SettleAll(Core& core) {
  co_await Hop(core.strand);
  co_await core.window.Closed();  // before that nobody knows who writes
  while (!core.to_settle.empty() && !core.stopping) {
    std::vector<Fid> some;
    while (!core.to_settle.empty() && some.size() < kSettledAtOnce) {
      some.push_back(*core.to_settle.begin());
      core.to_settle.erase(core.to_settle.begin());
    }
    // An error leaves the size on the objects: who looks next asks again and hears of it.
    const auto shown = co_await ShowExact(core, std::move(some));
    (void)shown;
  }
  core.settling = false;
}

// Answers the transno of that, or 0.
Transno DropSetIdFor(Core& core, const Fid& fid, const Caller& writer) {
  auto row = core.inodes.Find(fid);
  if (!row.ok()) return 0;
  const uint32_t mode = ModeAfterWrite(OwnershipOf(**row), writer);
  if (mode == (*row)->attr().mode()) return 0;
  Change change(core);
  rows::InodeRow dropped = **row;
  dropped.mutable_attr()->set_mode(mode);
  dropped.mutable_attr()->set_ctime_ns(change.now_ns());
  change.PutInode(fid, std::move(dropped));
  change.Apply();
  return change.transno();
}

}  // namespace

Openers::Closed ReleaseOpener(Core& core, const Fid& fid, const Opener& opener, const std::function<Change&()>& change) {
  Openers::Closed closed = core.openers.Remove(fid, opener);
  // While the server recovers others may have it open: what nobody has goes when the window closes.
  if (!closed.last_opener || core.window.open()) return closed;
  auto row = core.inodes.Find(fid);
  if (!row.ok() || IsDirectory(**row) || (*row)->attr().nlink() > 0) return closed;
  // If its rows cannot be read now, nothing changes: the orphan row stays, and the next start removes it.
  closed.file_goes = change().RemoveInode(fid, **row).ok();
  return closed;
}

Openers::Closed ReleaseOpener(Core& core, const Fid& fid, const Opener& opener) {
  std::optional<Change> change;
  const Openers::Closed closed = ReleaseOpener(core, fid, opener, [&]() -> Change& { return change.emplace(core); });
  if (change) change->Apply();
  return closed;
}

void SettleLater(Core& core, const Fid& fid) {
  core.to_settle.insert(fid);
  if (core.settling || core.stopping) return;
  core.settling = true;
  core.tasks.Start(SettleAll(core));
}

void LetWrite(Core& core, Op& op, const Fid& fid) {
  auto row = core.inodes.Find(fid);
  if (!row.ok() || (*row)->attr().size_state() != v1::SIZE_EXACT || !IsRegular(**row)) return;
  Change change(core);
  rows::InodeRow open = **row;
  open.mutable_attr()->set_size_state(v1::SIZE_ON_OBJECTS);
  change.PutInode(fid, std::move(open));
  change.Apply();
  op.ReliesOn(change.transno());
}

void DropSetId(Core& core, Op& op, const Fid& fid) { op.ReliesOn(DropSetIdFor(core, fid, op.caller())); }

Transno EndSession(Core& core, uint64_t session, SessionEnd how) {
  for (const auto& [fid, handle] : core.openers.OfSession(session)) {
    const Opener opener{.session = session, .handle = handle};
    const Openers::Closed closed = ReleaseOpener(core, fid, opener);
    if (closed.last_writer) SettleLater(core, fid);
    // It may have written since the bits were set, and nobody will say so; nor who it was.
    constexpr uint32_t kAnybodyButRoot = 1;
    if (closed.wrote) DropSetIdFor(core, fid, Caller{.uid = kAnybodyButRoot, .gid = 0, .groups = {}});
  }
  Change change(core);
  for (std::string& key : core.replies.Drop(session)) change.batch().Delete(kReplyFamily, std::move(key));
  if (how == SessionEnd::kEvicted) {
    rows::SessionRow row;
    row.set_evicted(true);
    change.batch().Put(kSessionFamily, NumberKey(session), row.SerializeAsString());
    core.evictions.Begin(session);
    ++core.sessions_evicted;
  } else {
    change.batch().Delete(kSessionFamily, NumberKey(session));
  }
  core.sessions.Close(session);
  core.grants.Drop(session);
  change.Apply();
  core.last_session_end = change.transno();
  core.window.Done(session);
  return change.transno();
}

uint64_t OldestSession(Core& core) {
  uint64_t oldest = core.next_session;
  for (const std::vector<uint64_t>& open : {core.sessions.Numbers(), core.window.Sessions()}) {
    if (!open.empty()) oldest = std::min(oldest, open.front());
  }
  return oldest;
}

void EmptyFile(Core& core, const Fid& fid, rows::InodeRow& row, Change& change) {
  change.FreeObjects(fid, row.layout());
  v1::Layout* layout = row.mutable_layout();
  layout->set_generation(layout->generation() + 1);
  layout->mutable_mirrors(0)->set_id(row.next_mirror_id());
  row.set_next_mirror_id(row.next_mirror_id() + 1);
  v1::Attr* attr = row.mutable_attr();
  attr->set_file_epoch(attr->file_epoch() + 1);
  attr->set_size(0);
  attr->set_blocks(0);
  row.set_object_mtime_floor_ns(0);
  if (!core.openers.HasWriter(fid)) attr->set_size_state(v1::SIZE_EXACT);
}

}  // namespace nacre
