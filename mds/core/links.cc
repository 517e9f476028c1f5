#include "mds/core/links.h"

#include "common/wire/wire.h"

namespace nacre {
namespace {

bool IsNameInRow(const rows::InodeRow& row, const Fid& parent, uint64_t cookie) {
  return row.parent_cookie() == cookie && FromWire(row.parent()) == parent;
}

// The row names another of its names, which leaves family link.
Status PromoteAnotherName(Core& core, Change& change, const Fid& fid, rows::InodeRow& row) {
  const std::string prefix = FidKey(fid);
  auto cursor = core.kv.Seek(kLinkFamily, prefix);
  NACRE_RETURN_IF_ERROR(cursor->status().With("names of " + ToString(fid)));
  if (!cursor->Valid() || !cursor->key().starts_with(prefix) || cursor->key().size() != 2 * kFidBytes + 8) {
    return Status(Code::kIo, "inode " + ToString(fid) + " has links but no names");
  }
  const uint8_t* at = AsBytes(cursor->key()).data();
  *row.mutable_parent() = ToWire(LoadFid(at + kFidBytes));
  row.set_parent_cookie(LoadBigEndian64(at + 2 * kFidBytes));
  change.batch().Delete(kLinkFamily, std::string(cursor->key()));
  return Status::Ok();
}

}  // namespace

Status CheckEmpty(Core& core, Op& op, const Fid& directory) {
  auto empty = core.dirents.IsEmpty(directory);
  if (!empty.ok()) return empty.status();
  op.ReliesOnNames(directory);
  if (*empty) return Status::Ok();
  return Status(Code::kNotEmpty, "directory " + ToString(directory) + " is not empty");
}

Status RemoveName(Core& core, Change& change, const Fid& parent, const Dirent& entry, const rows::InodeRow& row) {
  if (IsDirectory(row)) return change.RemoveInode(entry.fid, row);
  // While the server recovers nobody knows yet who has it open: it becomes an orphan, and goes when the window closes.
  const bool perhaps_open = core.window.open() || core.openers.IsOpen(entry.fid);
  if (row.attr().nlink() <= 1 && !perhaps_open) return change.RemoveInode(entry.fid, row);
  rows::InodeRow after = row;
  after.mutable_attr()->set_nlink(row.attr().nlink() - 1);
  after.mutable_attr()->set_ctime_ns(change.now_ns());
  if (after.attr().nlink() == 0) {
    after.clear_parent();
    after.clear_parent_cookie();
    change.batch().Put(kOrphanFamily, FidKey(entry.fid), {});
  } else if (IsNameInRow(row, parent, entry.cookie)) {
    NACRE_RETURN_IF_ERROR(PromoteAnotherName(core, change, entry.fid, after));
  } else {
    change.batch().Delete(kLinkFamily, LinkKey(entry.fid, parent, entry.cookie));
  }
  change.PutInode(entry.fid, std::move(after));
  return Status::Ok();
}

void AddName(Change& change, const Fid& fid, const Fid& parent, uint64_t cookie, rows::InodeRow& row) {
  row.mutable_attr()->set_nlink(row.attr().nlink() + 1);
  row.mutable_attr()->set_ctime_ns(change.now_ns());
  change.batch().Put(kLinkFamily, LinkKey(fid, parent, cookie), {});
}

void MoveName(Change& change, const Fid& fid, const Fid& from_parent, uint64_t from_cookie, const Fid& to_parent,
              uint64_t to_cookie, rows::InodeRow& row) {
  row.mutable_attr()->set_ctime_ns(change.now_ns());
  if (IsNameInRow(row, from_parent, from_cookie)) {
    *row.mutable_parent() = ToWire(to_parent);
    row.set_parent_cookie(to_cookie);
    return;
  }
  change.batch().Delete(kLinkFamily, LinkKey(fid, from_parent, from_cookie));
  change.batch().Put(kLinkFamily, LinkKey(fid, to_parent, to_cookie), {});
}

}  // namespace nacre
