// Gatherer reads the facts of rows out of the store, as they are there: past the cached rows, which would hide damage.
// For one moment: made, used and thrown away on the strand without a pause in between, so what it remembers of inodes
// stays true. An error is the store's; a row that makes no sense is a fact.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "mds/core/core.h"
#include "mds/core/fsck/facts.h"

namespace nacre {

struct StoredInode {
  InodeState state = InodeState::kAbsent;
  rows::InodeRow row;
};
using StoredInodePtr = std::shared_ptr<const StoredInode>;

class Gatherer {
 public:
  explicit Gatherer(Core& core) : core_(core) {}

  Result<StoredInodePtr> Find(const Fid& fid);
  // Of the row that stands there now; nullopt: there is none.
  Result<std::optional<EntryFacts>> Entry(std::string_view key);
  Result<std::optional<InodeFacts>> Inode(std::string_view key);
  // With the row's value at hand.
  Result<EntryFacts> Entry(std::string_view key, std::string_view value);
  Result<InodeFacts> Inode(std::string_view key, std::string_view value);
  Result<LeftRowsFacts> LeftRows(v1::CheckArea area, std::string_view key);
  Result<ObjectFacts> Object(uint32_t ost, const v1::ListObjectsReply::Item& item);

  // Does every directory from here upwards stand where it says, up to the root?
  Result<bool> ReachesRoot(const Fid& directory);
  // The names the inode says, each looked up.
  Result<std::vector<ClaimedName>> Names(const Fid& fid, const rows::InodeRow& row, size_t& odd_link_rows);

 private:
  Result<bool> IsThere(const Fid& parent, uint64_t cookie, const Fid& child);
  Status FindTarget(EntryFacts& facts);
  Status FindPlace(EntryFacts& facts, const rows::InodeRow& directory);
  Result<bool> LeadsCycle(const Fid& fid);
  // The directory above, if the one here stands there; nullopt: it does not, or is none.
  Result<std::optional<Fid>> Above(const Fid& directory);
  void LookAtLayout(const rows::InodeRow& row, InodeFacts& facts);
  Status CountXattrs(InodeFacts& facts);

  Core& core_;
  std::unordered_map<Fid, StoredInodePtr, FidHash> inodes_;
  std::unordered_set<Fid, FidHash> reach_root_;
};

// nullopt: it makes no sense, or names an OST that there is not.
std::optional<Layout> LayoutOnKnownOsts(const Core& core, const v1::Layout& wire);

// The family an area walks over; OBJECTS has none.
KvFamily FamilyOf(v1::CheckArea area);

}  // namespace nacre
