#include "mds/core/fsck/lost_and_found.h"

#include <algorithm>

#include "common/wire/wire.h"
#include "mds/core/births.h"
#include "mds/core/fsck/gather.h"

namespace nacre {
namespace {

constexpr char kDirectoryName[] = "lost+found";
constexpr int kNamesTried = 16;

Status Useless(const char* why) {
  return Status(Code::kBusy, std::string("/lost+found ") + why + ": rename it, then run fsck again");
}

rows::InodeRow NewRow(const Core& core, const Fid& fid, uint64_t cookie, int64_t now_ns) {
  rows::InodeRow row;
  v1::Attr* attr = row.mutable_attr();
  attr->set_type(v1::FILE_TYPE_DIRECTORY);
  attr->set_mode(0700);
  attr->set_nlink(1);
  attr->set_atime_ns(now_ns);
  attr->set_mtime_ns(now_ns);
  attr->set_ctime_ns(now_ns);
  SetSalt(core, fid, row);
  *row.mutable_parent() = ToWire(kRootFid);
  row.set_parent_cookie(cookie);
  return row;
}

}  // namespace

Result<LostAndFound> LostAndFound::Find(Core& core, const Fid& fid) {
  LostAndFound place;
  place.name_ = ToString(fid);
  Gatherer gatherer(core);
  auto root = gatherer.Find(kRootFid);
  if (!root.ok()) return root.status();
  auto entry = core.dirents.Find(kRootFid, (*root)->row.salt(), kDirectoryName);
  if (!entry.ok()) return entry.status();
  place.made_ = !entry->entry;
  if (place.made_) {
    if (entry->free_cookie == 0) return Status(Code::kNoSpace, "256 names of the root directory share one hash");
    place.root_cookie_ = entry->free_cookie;
    return place;
  }
  place.directory_ = entry->entry->fid;
  if (place.directory_ == fid) return Useless("is itself what is lost");
  auto directory = gatherer.Find(place.directory_);
  if (!directory.ok()) return directory.status();
  if (!IsDirectory((*directory)->row)) return Useless("is no directory");
  if (!(*directory)->row.context().empty()) {
    return Useless("is encrypted, and nothing can be named in it without its key");
  }
  auto reaches = gatherer.ReachesRoot(place.directory_);
  if (!reaches.ok()) return reaches.status();
  if (!*reaches) return Useless("is not where its inode says");
  for (int tried = 0; tried < kNamesTried && place.cookie_ == 0; ++tried) {
    if (tried > 0) place.name_ = ToString(fid) + "." + std::to_string(tried);
    auto free = core.dirents.Find(place.directory_, (*directory)->row.salt(), place.name_);
    if (!free.ok()) return free.status();
    if (!free->entry) place.cookie_ = free->free_cookie;
  }
  if (place.cookie_ == 0) return Useless("has no room for it");
  return place;
}

void LostAndFound::Put(Core& core, Change& change, const Fid& fid, rows::InodeRow& row) const {
  Fid directory = directory_;
  uint64_t cookie = cookie_;
  if (made_) {
    // Of a range of its own: nobody else was given it, or will be.
    directory = {.seq = (uint64_t{core.options.mdt_index} << 48) | core.next_range++, .oid = 1, .ver = 0};
    change.batch().Put(kMetaFamily, std::string(kMetaNextRange), EncodeNumber(core.next_range));
    rows::InodeRow made = NewRow(core, directory, root_cookie_, change.now_ns());
    cookie = std::max(DirentTable::HashOf(made.salt(), name_) << kCookiePlaceBits, kFirstCookie);
    const Dirent entry{
        .cookie = root_cookie_, .name = kDirectoryName, .fid = directory, .type = v1::FILE_TYPE_DIRECTORY};
    change.AddInode(directory, std::move(made));
    change.PutEntry(kRootFid, entry);
    change.CountEntries(kRootFid, 1, 1);
    change.TouchDirectory(directory, change.now_ns());
  }
  const Dirent entry{.cookie = cookie, .name = name_, .fid = fid, .type = row.attr().type()};
  change.PutEntry(directory, entry);
  change.CountEntries(directory, 1, IsDirectory(row) ? 1 : 0);
  *row.mutable_parent() = ToWire(directory);
  row.set_parent_cookie(cookie);
  row.mutable_attr()->set_nlink(1);
  row.mutable_attr()->set_ctime_ns(change.now_ns());
}

}  // namespace nacre
