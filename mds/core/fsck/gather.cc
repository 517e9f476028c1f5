#include "mds/core/fsck/gather.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/fs/encryption_context.h"
#include "common/wire/wire.h"
#include "mds/core/key_schema.h"
#include "mds/core/names.h"

namespace nacre {
namespace {

constexpr size_t kRememberedMax = 4096;  // inodes; a page of rows is smaller
constexpr size_t kEntryKeyBytes = kFidBytes + 8;
constexpr size_t kLinkKeyBytes = 2 * kFidBytes + 8;
constexpr size_t kSaltBytes = 16;

bool Reads(std::string_view value, rows::InodeRow& row) {
  return row.ParseFromArray(value.data(), static_cast<int>(value.size())) && row.format() == 1;
}

MetInode Meet(const StoredInode& inode) {
  return {.state = inode.state, .type = inode.row.attr().type(), .context = inode.row.context()};
}

// As the store keeps a name, so may the row say it.
bool Claims(const rows::InodeRow& row, const Fid& parent, uint64_t cookie) {
  return row.has_parent() && row.parent_cookie() == cookie && FromWire(row.parent()) == parent;
}

std::optional<uint32_t> UnknownOst(const Core& core, const Layout& layout) {
  for (const Mirror& mirror : layout.mirrors) {
    for (const Component& component : mirror.components) {
      for (uint32_t ost : component.osts) {
        if (!core.map.OstAddress(ost)) return ost;
      }
    }
  }
  return std::nullopt;
}

bool CanBeContext(const std::string& context) { return context.empty() || DecodeContext(AsBytes(context)).ok(); }

}  // namespace

KvFamily FamilyOf(v1::CheckArea area) {
  switch (area) {
    case v1::CHECK_ENTRIES:
      return kDirentFamily;
    case v1::CHECK_INODES:
      return kInodeFamily;
    case v1::CHECK_LINKS:
      return kLinkFamily;
    case v1::CHECK_XATTRS:
      return kXattrFamily;
    case v1::CHECK_ORPHANS:
      return kOrphanFamily;
    case v1::CHECK_COUNTERS:
      return kDirstatFamily;
    default:
      NACRE_CHECK(false, "an area without a family");
  }
}

std::optional<Layout> LayoutOnKnownOsts(const Core& core, const v1::Layout& wire) {
  auto layout = FromWire(wire);
  if (!layout.ok() || UnknownOst(core, *layout)) return std::nullopt;
  return *std::move(layout);
}

Result<StoredInodePtr> Gatherer::Find(const Fid& fid) {
  if (const auto it = inodes_.find(fid); it != inodes_.end()) return it->second;
  auto value = core_.kv.Get(kInodeFamily, FidKey(fid));
  if (!value.ok()) return value.status().With("inode " + ToString(fid));
  auto inode = std::make_shared<StoredInode>();
  if (value->has_value()) inode->state = Reads(**value, inode->row) ? InodeState::kReadable : InodeState::kUnreadable;
  if (inode->state == InodeState::kUnreadable) inode->row.Clear();
  if (inodes_.size() >= kRememberedMax) inodes_.clear();
  inodes_[fid] = inode;
  return StoredInodePtr(std::move(inode));
}

Result<std::optional<EntryFacts>> Gatherer::Entry(std::string_view key) {
  auto value = core_.kv.Get(kDirentFamily, key);
  if (!value.ok()) return value.status().With("an entry");
  if (!value->has_value()) return std::optional<EntryFacts>();
  auto facts = Entry(key, **value);
  if (!facts.ok()) return facts.status();
  return std::optional<EntryFacts>(*std::move(facts));
}

Result<std::optional<InodeFacts>> Gatherer::Inode(std::string_view key) {
  auto value = core_.kv.Get(kInodeFamily, key);
  if (!value.ok()) return value.status().With("an inode");
  if (!value->has_value()) return std::optional<InodeFacts>();
  auto facts = Inode(key, **value);
  if (!facts.ok()) return facts.status();
  return std::optional<InodeFacts>(*std::move(facts));
}

Result<EntryFacts> Gatherer::Entry(std::string_view key, std::string_view value) {
  EntryFacts facts{.key = std::string(key)};
  facts.key_fits = key.size() == kEntryKeyBytes;
  if (!facts.key_fits) return facts;
  facts.directory = LoadFid(AsBytes(key).data());
  facts.cookie = LoadBigEndian64(AsBytes(key).data() + kFidBytes);
  auto directory = Find(facts.directory);
  if (!directory.ok()) return directory.status();
  facts.parent = Meet(**directory);
  rows::DirentRow row;
  facts.row_reads = row.ParseFromArray(value.data(), static_cast<int>(value.size()));
  if (!facts.row_reads) return facts;
  facts.name = row.name();
  facts.target = FromWire(row.fid());
  facts.type = row.type();
  NACRE_RETURN_IF_ERROR(FindTarget(facts));
  if (facts.parent.is_directory()) NACRE_RETURN_IF_ERROR(FindPlace(facts, (*directory)->row));
  return facts;
}

Status Gatherer::FindTarget(EntryFacts& facts) {
  auto child = Find(facts.target);
  if (!child.ok()) return child.status();
  facts.child = Meet(**child);
  facts.child_is_root = facts.target == kRootFid;
  if (facts.child.state != InodeState::kReadable || facts.child_is_root) return Status::Ok();
  facts.claimed = Claims((*child)->row, facts.directory, facts.cookie);
  if (!facts.claimed && !facts.child.is_directory()) {
    auto link = core_.kv.Get(kLinkFamily, LinkKey(facts.target, facts.directory, facts.cookie));
    if (!link.ok()) return link.status();
    facts.claimed = link->has_value();
  }
  if (facts.claimed) return Status::Ok();
  const rows::InodeRow& row = (*child)->row;
  if (!row.has_parent()) return Status::Ok();
  auto there = IsThere(FromWire(row.parent()), row.parent_cookie(), facts.target);
  if (!there.ok()) return there.status();
  facts.child_has_a_name = *there;
  return Status::Ok();
}

Status Gatherer::FindPlace(EntryFacts& facts, const rows::InodeRow& directory) {
  facts.name_fits = CheckNameToStore(directory.context(), facts.name).ok();
  if (directory.salt().size() != kSaltBytes || !facts.name_fits) return Status::Ok();
  const uint64_t hash = DirentTable::HashOf(directory.salt(), facts.name);
  facts.name_leads_here =
      facts.cookie >= kFirstCookie && facts.cookie <= kCookieMax && NameHashOf(facts.cookie) == hash;
  if (!facts.name_leads_here) return Status::Ok();
  // Another entry may have the name only where several share its hash.
  const uint64_t first_place = std::max(hash << kCookiePlaceBits, kFirstCookie);
  if (facts.cookie == first_place) return Status::Ok();
  auto place = core_.dirents.Find(facts.directory, directory.salt(), facts.name);
  if (!place.ok()) return Status::Ok();  // one of them cannot be read: said where it stands
  facts.name_leads_here = !place->entry || place->entry->cookie == facts.cookie;
  return Status::Ok();
}

Result<bool> Gatherer::IsThere(const Fid& parent, uint64_t cookie, const Fid& child) {
  auto directory = Find(parent);
  if (!directory.ok()) return directory.status();
  const bool may_lead = (*directory)->state == InodeState::kUnreadable || IsDirectory((*directory)->row);
  if ((*directory)->state == InodeState::kAbsent || !may_lead) return false;
  auto value = core_.kv.Get(kDirentFamily, DirentKey(parent, cookie));
  if (!value.ok()) return value.status().With("directory " + ToString(parent));
  rows::DirentRow row;
  return value->has_value() && row.ParseFromString(**value) && FromWire(row.fid()) == child;
}

Result<std::vector<ClaimedName>> Gatherer::Names(const Fid& fid, const rows::InodeRow& row, size_t& odd_link_rows) {
  std::vector<ClaimedName> names;
  if (row.has_parent()) {
    names.push_back({.parent = FromWire(row.parent()), .cookie = row.parent_cookie(), .in_row = true});
  }
  const std::string prefix = FidKey(fid);
  auto cursor = core_.kv.Seek(kLinkFamily, prefix);
  for (; cursor->Valid() && cursor->key().starts_with(prefix); cursor->Next()) {
    const uint8_t* at = AsBytes(cursor->key()).data();
    if (cursor->key().size() != kLinkKeyBytes) {
      ++odd_link_rows;
      continue;
    }
    const ClaimedName name{.parent = LoadFid(at + kFidBytes), .cookie = LoadBigEndian64(at + 2 * kFidBytes)};
    if (Claims(row, name.parent, name.cookie)) {
      ++odd_link_rows;  // the same name twice
    } else {
      names.push_back(name);
    }
  }
  NACRE_RETURN_IF_ERROR(cursor->status().With("names of " + ToString(fid)));
  for (ClaimedName& name : names) {
    auto there = IsThere(name.parent, name.cookie, fid);
    if (!there.ok()) return there.status();
    name.there = *there;
  }
  return names;
}

Result<InodeFacts> Gatherer::Inode(std::string_view key, std::string_view value) {
  InodeFacts facts{.key = std::string(key)};
  facts.key_fits = key.size() == kFidBytes;
  if (!facts.key_fits) return facts;
  facts.fid = LoadFid(AsBytes(key).data());
  rows::InodeRow row;
  facts.row_reads = Reads(value, row);
  if (!facts.row_reads) return facts;
  facts.type = row.attr().type();
  facts.nlink = row.attr().nlink();
  facts.context_fits = CanBeContext(row.context());
  facts.salt_fits = !IsDirectory(row) || row.salt().size() == kSaltBytes;
  facts.says_xattrs = row.attr().has_xattrs();
  facts.xattr_bytes_stated = row.xattr_bytes();
  auto names = Names(facts.fid, row, facts.odd_link_rows);
  if (!names.ok()) return names.status();
  facts.names = *std::move(names);
  auto orphan = core_.kv.Get(kOrphanFamily, key);
  if (!orphan.ok()) return orphan.status();
  facts.orphan_row = orphan->has_value();
  if (IsDirectory(row) && !facts.is_root()) {
    auto leads = LeadsCycle(facts.fid);
    if (!leads.ok()) return leads.status();
    facts.leads_cycle = *leads;
  }
  if (IsRegular(row)) LookAtLayout(row, facts);
  NACRE_RETURN_IF_ERROR(CountXattrs(facts));
  return facts;
}

void Gatherer::LookAtLayout(const rows::InodeRow& row, InodeFacts& facts) {
  const auto layout = FromWire(row.layout());
  facts.layout_reads = layout.ok();
  if (layout.ok()) facts.unknown_ost = UnknownOst(core_, *layout);
}

Status Gatherer::CountXattrs(InodeFacts& facts) {
  const std::string prefix = FidKey(facts.fid);
  auto cursor = core_.kv.Seek(kXattrFamily, prefix);
  for (; cursor->Valid() && cursor->key().starts_with(prefix); cursor->Next()) {
    facts.xattr_bytes += cursor->key().size() - kFidBytes + cursor->value().size();
  }
  return cursor->status().With("extended attributes of " + ToString(facts.fid));
}

Result<std::optional<Fid>> Gatherer::Above(const Fid& directory) {
  auto inode = Find(directory);
  if (!inode.ok()) return inode.status();
  const rows::InodeRow& row = (*inode)->row;
  if ((*inode)->state != InodeState::kReadable || !IsDirectory(row) || !row.has_parent()) return std::optional<Fid>();
  const Fid parent = FromWire(row.parent());
  auto there = IsThere(parent, row.parent_cookie(), directory);
  if (!there.ok()) return there.status();
  return *there ? std::optional<Fid>(parent) : std::nullopt;
}

Result<bool> Gatherer::ReachesRoot(const Fid& directory) {
  std::unordered_set<Fid, FidHash> passed;
  Fid at = directory;
  while (at != kRootFid && !reach_root_.contains(at)) {
    if (!passed.insert(at).second || passed.size() > kDirectoryDepthMax) return false;
    auto above = Above(at);
    if (!above.ok()) return above.status();
    if (!above->has_value()) return false;
    at = **above;
  }
  reach_root_.merge(passed);
  return true;
}

// Of a circle one directory is told: mended there, it is none any more.
Result<bool> Gatherer::LeadsCycle(const Fid& fid) {
  std::unordered_set<Fid, FidHash> passed;
  for (Fid at = fid; at != kRootFid && !reach_root_.contains(at);) {
    if (at < fid || !passed.insert(at).second || passed.size() > kDirectoryDepthMax) return false;
    auto above = Above(at);
    if (!above.ok()) return above.status();
    if (!above->has_value()) return false;
    if (**above == fid) return true;
    at = **above;
  }
  reach_root_.merge(passed);
  return false;
}

Result<LeftRowsFacts> Gatherer::LeftRows(v1::CheckArea area, std::string_view key) {
  LeftRowsFacts facts{.area = area, .key = std::string(key)};
  const bool fid_alone = area == v1::CHECK_ORPHANS || area == v1::CHECK_COUNTERS;
  facts.key_fits = fid_alone ? key.size() == kFidBytes : key.size() >= kFidBytes;
  if (key.size() < kFidBytes) return facts;
  facts.fid = LoadFid(AsBytes(key).data());
  auto inode = Find(facts.fid);
  if (!inode.ok()) return inode.status();
  facts.inode_there = (*inode)->state != InodeState::kAbsent;
  return facts;
}

Result<ObjectFacts> Gatherer::Object(uint32_t ost, const v1::ListObjectsReply::Item& item) {
  ObjectFacts facts{.ost = ost, .key = item.key()};
  facts.reads = !item.unreadable() && item.key().size() == kObjectIdBytes;
  if (!facts.reads) return facts;
  facts.object = LoadObjectId(AsBytes(item.key()).data());
  auto inode = Find(facts.object.fid);
  if (!inode.ok()) return inode.status();
  facts.inode = (*inode)->state;
  auto freed = core_.kv.Get(kUnlinkedFamily, UnlinkedKey(ost, facts.object));
  if (!freed.ok()) return freed.status();
  facts.freed = freed->has_value();
  if (facts.inode != InodeState::kReadable || !IsRegular((*inode)->row)) return facts;
  const auto layout = LayoutOnKnownOsts(core_, (*inode)->row.layout());
  facts.layout_reads = layout.has_value();
  if (!layout) return facts;
  for (const Mirror& mirror : layout->mirrors) {
    for (const Component& component : mirror.components) {
      if (mirror.id != facts.object.mirror || component.id != facts.object.component) continue;
      facts.named_by_layout |=
          facts.object.stripe < component.stripe_count() && component.osts[facts.object.stripe] == ost;
    }
  }
  return facts;
}

}  // namespace nacre
