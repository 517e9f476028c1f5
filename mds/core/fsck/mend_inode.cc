// Mends of inodes, of what is left of them in other families, and of objects.
#include <algorithm>

#include "common/wire/wire.h"
#include "mds/core/fsck/counters.h"
#include "mds/core/fsck/file_sizes.h"
#include "mds/core/fsck/gather.h"
#include "mds/core/fsck/lost_and_found.h"
#include "mds/core/fsck/mends.h"
#include "mds/core/fsck/objects.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

constexpr size_t kRowsAtOnceMax = 100'000;

// At most so many in one change: who asks again finds the rest.
Result<size_t> DeleteRowsOf(Core& core, Change& change, KvFamily family, const std::string& prefix) {
  size_t deleted = 0;
  auto cursor = core.kv.Seek(family, prefix);
  for (; cursor->Valid() && cursor->key().starts_with(prefix) && deleted < kRowsAtOnceMax; cursor->Next()) {
    change.batch().Delete(family, std::string(cursor->key()));
    ++deleted;
  }
  NACRE_RETURN_IF_ERROR(cursor->status());
  return deleted;
}

// The row and family link say the names that are there, and no others.
Status SayNames(Core& core, Change& change, const InodeFacts& facts, rows::InodeRow& row) {
  std::vector<ClaimedName> names;
  std::copy_if(facts.names.begin(), facts.names.end(), std::back_inserter(names),
               [](const ClaimedName& name) { return name.there; });
  std::stable_partition(names.begin(), names.end(), [](const ClaimedName& name) { return name.in_row; });
  auto deleted = DeleteRowsOf(core, change, kLinkFamily, FidKey(facts.fid));
  if (!deleted.ok()) return deleted.status();
  row.clear_parent();
  row.clear_parent_cookie();
  for (size_t at = 0; at < names.size(); ++at) {
    if (at == 0) {
      *row.mutable_parent() = ToWire(names[at].parent);
      row.set_parent_cookie(names[at].cookie);
    } else if (!IsDirectory(row)) {
      change.batch().Put(kLinkFamily, LinkKey(facts.fid, names[at].parent, names[at].cookie), {});
    }
  }
  if (!IsDirectory(row)) row.mutable_attr()->set_nlink(static_cast<uint32_t>(names.size()));
  if (!names.empty()) change.batch().Delete(kOrphanFamily, FidKey(facts.fid));
  return Status::Ok();
}

// Out of the circle it is part of, if it is, and into /lost+found.
Status TakeHome(Core& core, Change& change, const InodeFacts& facts, rows::InodeRow& row) {
  auto home = LostAndFound::Find(core, facts.fid);
  if (!home.ok()) return home.status();
  auto deleted = DeleteRowsOf(core, change, kLinkFamily, FidKey(facts.fid));
  if (!deleted.ok()) return deleted.status();
  for (const ClaimedName& name : facts.names) {
    if (!name.there) continue;
    change.RemoveEntry(name.parent, name.cookie);
    change.CountEntries(name.parent, -1, IsDirectory(row) ? -1 : 0);
  }
  change.batch().Delete(kOrphanFamily, FidKey(facts.fid));
  home->Put(core, change, facts.fid, row);
  return Status::Ok();
}

void SayXattrs(const InodeFacts& facts, rows::InodeRow& row) {
  row.set_xattr_bytes(static_cast<uint32_t>(facts.xattr_bytes));
  row.mutable_attr()->set_has_xattrs(facts.xattr_bytes > 0);
}

}  // namespace

v1::MendReply MendAnswer(v1::MendOutcome outcome, std::string what) {
  v1::MendReply reply;
  reply.set_outcome(outcome);
  reply.set_what(std::move(what));
  return reply;
}

const v1::Finding* StillFound(const Findings& findings, const v1::Finding& asked) {
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const v1::Finding& finding) {
    return finding.kind() == asked.kind() && finding.mendable();
  });
  return found == findings.end() ? nullptr : &*found;
}

Result<v1::MendReply> MendInode(Core& core, Op& op, const v1::Finding& asked) {
  Gatherer gatherer(core);
  auto facts = gatherer.Inode(asked.key());
  if (!facts.ok()) return facts.status();
  if (!facts->has_value()) return MendAnswer(v1::MEND_GONE);
  const Findings findings = JudgeInode(**facts);
  if (StillFound(findings, asked) == nullptr) return MendAnswer(v1::MEND_GONE);
  const Fid fid = (*facts)->fid;
  auto stored = gatherer.Find(fid);
  if (!stored.ok()) return stored.status();
  rows::InodeRow row = (*stored)->row;
  Change change(core, op);
  Status status;
  if (asked.kind() == v1::FINDING_LOST || asked.kind() == v1::FINDING_CYCLE) {
    status = TakeHome(core, change, **facts, row);
    if (!status.ok()) return MendAnswer(v1::MEND_CANNOT, status.message());
  } else if (asked.kind() == v1::FINDING_XATTR) {
    SayXattrs(**facts, row);
  } else {
    status = SayNames(core, change, **facts, row);
  }
  if (!status.ok()) return status;
  change.PutInode(fid, std::move(row));
  v1::MendReply reply = MendAnswer(v1::MEND_DONE);
  change.ApplyStable(op, reply);
  return reply;
}

Result<v1::MendReply> MendLeftRows(Core& core, Op& op, const v1::Finding& asked) {
  auto facts = Gatherer(core).LeftRows(asked.area(), asked.key());
  if (!facts.ok()) return facts.status();
  const Findings findings = JudgeLeftRows(*facts);
  if (StillFound(findings, asked) == nullptr) return MendAnswer(v1::MEND_GONE);
  const KvFamily family = FamilyOf(asked.area());
  Change change(core, op);
  size_t deleted = 0;
  if (facts->key_fits) {
    auto rows = DeleteRowsOf(core, change, family, FidKey(facts->fid));
    if (!rows.ok()) return rows.status();
    deleted = *rows;
  } else {
    auto row = core.kv.Get(family, asked.key());
    if (!row.ok()) return row.status();
    if (row->has_value()) {
      change.batch().Delete(family, asked.key());
      deleted = 1;
    }
  }
  if (deleted == 0) return MendAnswer(v1::MEND_GONE);
  v1::MendReply reply = MendAnswer(v1::MEND_DONE);
  change.ApplyStable(op, reply);
  return reply;
}

// By a difference, which stays true whatever was counted meanwhile.
Task<Result<v1::MendReply>> MendCounters(Core& core, Op& op, v1::Finding asked) {
  if (asked.key().size() != kFidBytes) co_return MendAnswer(v1::MEND_GONE);
  const Fid fid = LoadFid(AsBytes(asked.key()).data());
  const auto lock = co_await core.file_locks.Exclusive(fid);  // two mends would add their difference twice
  auto facts = co_await CountEntries(core, fid);
  if (!facts.ok()) co_return facts.status();
  if (!facts->has_value() || JudgeCounters(**facts).empty()) co_return MendAnswer(v1::MEND_GONE);
  Change change(core, op);
  Dirstat difference{.entries = (*facts)->entries - (*facts)->stated.entries,
                     .subdirectories = (*facts)->subdirectories - (*facts)->stated.subdirectories};
  if (!(*facts)->reads) difference.mtime_ns = difference.ctime_ns = change.now_ns();  // nobody knows them any more
  core.inodes.ChangeDirstat(change.batch(), fid, difference);
  v1::MendReply reply = MendAnswer(v1::MEND_DONE);
  change.ApplyStable(op, reply);
  co_return reply;
}

// The objects hold the bytes: the size is what they say, found as of a file whose writer is gone. Nothing is cut off.
Task<Result<v1::MendReply>> MendSize(Core& core, Op& op, v1::Finding asked) {
  if (asked.key().size() != kFidBytes) co_return MendAnswer(v1::MEND_GONE);
  const Fid fid = LoadFid(AsBytes(asked.key()).data());
  auto lock = co_await core.file_locks.Exclusive(fid);
  auto facts = co_await CompareSize(core, fid);
  if (!facts.ok()) co_return facts.status();
  if (!facts->has_value() || JudgeSize(**facts).empty()) co_return MendAnswer(v1::MEND_GONE);
  auto inode = Gatherer(core).Find(fid);
  if (!inode.ok()) co_return inode.status();
  rows::InodeRow row = (*inode)->row;
  row.mutable_attr()->set_size_state(v1::SIZE_ON_OBJECTS);
  Change change(core, op);
  change.PutInode(fid, std::move(row));
  v1::MendReply reply = MendAnswer(v1::MEND_DONE);
  change.ApplyStable(op, reply);
  lock.Release();
  // If it fails, the next who looks at the file does it.
  std::vector<Fid> one(1, fid);
  const auto shown = co_await ShowExact(core, std::move(one));
  (void)shown;
  co_return reply;
}

// A stray object may be what a damaged layout does not name any more: it may go only when its file is seen to have all
// of its data without it.
Task<Status> CheckNotMissed(Core& core, const v1::Finding& asked) {
  if (asked.kind() != v1::FINDING_STRAY_OBJECT) co_return Status();
  const Fid fid = LoadObjectId(AsBytes(asked.key()).data()).fid;
  auto inode = Gatherer(core).Find(fid);
  if (!inode.ok()) co_return inode.status();
  if ((*inode)->state == InodeState::kReadable && !IsRegular((*inode)->row)) co_return Status();
  auto facts = co_await CompareSize(core, fid);
  if (!facts.ok()) co_return facts.status();
  if (!facts->has_value()) co_return Status(Code::kBusy, "its file is in use, or has no exact size");
  if (JudgeSize(**facts).empty()) co_return Status();
  co_return Status(Code::kBusy, "its file has not got all of its data elsewhere");
}

// The object has a FID that was not given away yet: the metadata store is older than the objects, put back from a copy
// perhaps. What is made from now on gets FIDs behind it, or it would meet the tombstone. (A number out of all reason is
// nobody's; taking it for true would use the ranges up.)
void TakeRangeAsGiven(Core& core, Change& change, const Fid& fid) {
  constexpr uint64_t kStepMax = uint64_t{1} << 32;
  const uint64_t range = fid.seq & ((uint64_t{1} << 48) - 1);
  if (fid.home_mdt() != core.options.mdt_index || range < core.next_range || range - core.next_range >= kStepMax)
    return;
  core.next_range = range + 1;
  change.batch().Put(kMetaFamily, std::string(kMetaNextRange), EncodeNumber(core.next_range));
}

// As if its file had just been removed: the destroyer does the rest, once this is stable.
Task<Result<v1::MendReply>> MendObject(Core& core, Op& op, v1::Finding asked) {
  if (asked.key().size() != kObjectIdBytes) co_return MendAnswer(v1::MEND_GONE);
  const auto lock = co_await core.file_locks.Exclusive(LoadObjectId(AsBytes(asked.key()).data()).fid);
  const Status missed = co_await CheckNotMissed(core, asked);
  if (missed.code() == Code::kBusy) co_return MendAnswer(v1::MEND_CANNOT, missed.message());
  if (!missed.ok()) co_return missed;
  auto findings = co_await CheckObject(core, asked.ost(), asked.key());
  if (!findings.ok()) co_return findings.status();
  if (StillFound(*findings, asked) == nullptr) co_return MendAnswer(v1::MEND_GONE);
  const ObjectId object = LoadObjectId(AsBytes(asked.key()).data());
  Change change(core, op);
  change.FreeObject(asked.ost(), object);
  TakeRangeAsGiven(core, change, object.fid);
  v1::MendReply reply = MendAnswer(v1::MEND_DONE);
  change.ApplyStable(op, reply);
  co_return reply;
}

}  // namespace nacre
