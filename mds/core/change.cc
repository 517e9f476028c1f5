#include "mds/core/change.h"

#include "common/base/planted_bug.h"
#include "common/wire/wire.h"

namespace nacre {

void Change::PutInode(const Fid& fid, rows::InodeRow row) {
  row.mutable_attr()->set_version(transno_);
  core_.inodes.Put(batch_, fid, std::move(row));
  inodes_touched_.push_back(fid);
}

void Change::AddInode(const Fid& fid, rows::InodeRow row) {
  PutInode(fid, std::move(row));
  ++core_.inode_count;
  counts_inodes_ = true;
}

Status Change::RemoveInode(const Fid& fid, const rows::InodeRow& row) {
  if (row.attr().has_xattrs()) {
    const std::string prefix = FidKey(fid);
    std::vector<std::string> keys;
    auto cursor = core_.kv.Seek(kXattrFamily, prefix);
    for (; cursor->Valid() && cursor->key().starts_with(prefix); cursor->Next()) keys.emplace_back(cursor->key());
    NACRE_RETURN_IF_ERROR(cursor->status().With("xattrs of " + ToString(fid)));
    for (std::string& key : keys) batch_.Delete(kXattrFamily, std::move(key));
  }
  core_.inodes.Remove(batch_, fid);
  batch_.Delete(kOrphanFamily, FidKey(fid));
  FreeObjects(fid, row.layout());
  inodes_touched_.push_back(fid);
  --core_.inode_count;
  counts_inodes_ = true;
  return Status::Ok();
}

void Change::FreeObjects(const Fid& fid, const v1::Layout& layout) {
  for (const v1::Mirror& mirror : layout.mirrors()) {
    for (const v1::Component& component : mirror.components()) {
      for (int stripe = 0; stripe < component.osts_size(); ++stripe) {
        const ObjectId object{.fid = fid,
                              .component = static_cast<uint16_t>(component.id()),
                              .mirror = mirror.id(),
                              .stripe = static_cast<uint32_t>(stripe)};
        FreeObject(component.osts(stripe), object);
      }
    }
  }
}

void Change::FreeObject(uint32_t ost, const ObjectId& object) {
  batch_.Put(kUnlinkedFamily, UnlinkedKey(ost, object), {});
  freed_.emplace_back(ost, object);
}

void Change::PutEntry(const Fid& directory, const Dirent& entry) {
  DirentTable::Put(batch_, directory, entry);
  names_touched_.emplace_back(directory, NameHashOf(entry.cookie));
}

void Change::RemoveEntry(const Fid& directory, uint64_t cookie) {
  DirentTable::Remove(batch_, directory, cookie);
  names_touched_.emplace_back(directory, NameHashOf(cookie));
}

void Change::CountEntries(const Fid& directory, int64_t entries, int64_t subdirectories) {
  const Dirstat change{
      .entries = entries, .subdirectories = subdirectories, .mtime_ns = now_ns_, .ctime_ns = now_ns_};
  core_.inodes.ChangeDirstat(batch_, directory, change);
}

void Change::TouchDirectory(const Fid& directory, std::optional<int64_t> mtime_ns) {
  const Dirstat change{.mtime_ns = mtime_ns, .ctime_ns = now_ns_};
  core_.inodes.ChangeDirstat(batch_, directory, change);
}

void Change::Record(uint64_t number, uint32_t slot, ReplyRecord record) {
  if (Planted(PlantedBug::kNoMdsReplyRecord)) return;
  // Closed while its request was on the way: nobody will ask for the record, and nobody would delete it.
  if (core_.sessions.Find(number) == nullptr) return;
  // Its slot has gone on: the client had given this request up.
  const ReplyRecord* last = core_.replies.Find(number, slot);
  if (last != nullptr && last->xid > record.xid) return;
  batch_.Put(kReplyFamily, ReplyKey(number, slot), EncodeReplyRecord(record));
  core_.replies.Record(number, slot, std::move(record));
}

void Change::Apply() {
  NACRE_CHECK(core_.strand.RunsHere(), "the namespace changes on its strand only");
  if (counts_inodes_) batch_.Put(kMetaFamily, std::string(kMetaInodes), EncodeNumber(core_.inode_count));
  const Status status = core_.kv.Apply(batch_, KvStore::Durability::kApplied);
  if (!status.ok()) {
    // Memory is ahead of the store and the log may hold half a record: only a restart tells what is true.
    if (core_.options.fatal) core_.options.fatal(status.With("writing the log"));
    NACRE_CHECK(core_.options.fatal != nullptr, status.ToString());
  }
  Unstable& unstable = core_.committer.unstable();
  unstable.Begin(transno_, session_);
  for (const Fid& fid : inodes_touched_) unstable.InodeChanged(fid, transno_);
  for (const auto& [directory, hash] : names_touched_) unstable.NameChanged(directory, hash, transno_);
  for (const auto& [ost, object] : freed_) core_.destroyer.Freed(ost, object);
  if (!freed_.empty()) core_.destroyer.Kick();
}

}  // namespace nacre
