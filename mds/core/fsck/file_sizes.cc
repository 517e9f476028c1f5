#include "mds/core/fsck/file_sizes.h"

#include <utility>

#include "common/wire/wire.h"
#include "mds/core/fsck/gather.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

bool NoAnswer(Code code) { return code == Code::kUnavailable || code == Code::kTimedOut; }

// A size that only its objects may contradict; null: there is none now.
Result<StoredInodePtr> FindExact(Core& core, const Fid& fid) {
  auto inode = Gatherer(core).Find(fid);
  if (!inode.ok()) return inode;
  const rows::InodeRow& row = (*inode)->row;
  const bool exact = (*inode)->state == InodeState::kReadable && IsRegular(row) &&
                     row.attr().size_state() == v1::SIZE_EXACT && !core.openers.HasWriter(fid) &&
                     LayoutOnKnownOsts(core, row.layout()).has_value();
  return exact ? inode : Result<StoredInodePtr>(StoredInodePtr());
}

GlimpseWish WishFor(const Fid& fid, const StoredInodePtr& inode) {
  return {.fid = fid, .layout = &inode->row.layout(), .raise_epoch = 0};
}

SizeFacts FactsOf(const Fid& fid, const rows::InodeRow& row, const ObjectSums& sums) {
  return {.fid = fid,
          .stated = row.attr().size(),
          .of_objects = sums.size,
          .blocks_stated = row.attr().blocks(),
          .blocks_of_objects = sums.allocated_bytes / 512};
}

Task<Result<Findings>> CompareLocked(Core& core, Fid fid) {
  const auto lock = co_await core.file_locks.Exclusive(fid);
  auto facts = co_await CompareSize(core, fid);
  if (facts.ok()) co_return facts->has_value() ? JudgeSize(**facts) : Findings();
  if (NoAnswer(facts.code())) co_return facts.status();
  co_return Findings(1, SizeUnknown(fid, facts.status()));
}

// Those that seem not to agree, or of which nothing is known.
Task<Result<std::vector<Fid>>> FindSuspects(Core& core, const std::vector<Fid>& files) {
  std::vector<Fid> asked;
  std::vector<StoredInodePtr> inodes;
  std::vector<GlimpseWish> wishes;
  for (const Fid& fid : files) {
    auto inode = FindExact(core, fid);
    if (!inode.ok()) co_return inode.status();
    if (*inode == nullptr) continue;
    asked.push_back(fid);
    inodes.push_back(*inode);
    wishes.push_back(WishFor(fid, *inode));
  }
  if (asked.empty()) co_return asked;
  auto sums = co_await Glimpse(core, std::move(wishes), false);
  if (!sums.ok() && NoAnswer(sums.code())) co_return sums.status();
  if (!sums.ok()) co_return asked;  // one of them cannot be told: each for itself
  std::vector<Fid> suspects;
  for (size_t at = 0; at < asked.size(); ++at) {
    if (!JudgeSize(FactsOf(asked[at], inodes[at]->row, (*sums)[at])).empty()) suspects.push_back(asked[at]);
  }
  co_return suspects;
}

}  // namespace

Task<Result<std::optional<SizeFacts>>> CompareSize(Core& core, Fid fid) {
  auto before = FindExact(core, fid);
  if (!before.ok()) co_return before.status();
  if (*before == nullptr) co_return std::optional<SizeFacts>();
  const uint64_t write_opens = core.openers.WriteOpens(fid);
  std::vector<GlimpseWish> wishes(1, WishFor(fid, *before));
  auto sums = co_await Glimpse(core, std::move(wishes), false);
  if (!sums.ok()) co_return sums.status();
  auto after = FindExact(core, fid);
  if (!after.ok()) co_return after.status();
  const bool stayed = *after != nullptr && core.openers.WriteOpens(fid) == write_opens &&
                      (*after)->row.attr().file_epoch() == (*before)->row.attr().file_epoch() &&
                      (*after)->row.layout().generation() == (*before)->row.layout().generation();
  if (!stayed) co_return std::optional<SizeFacts>();
  co_return std::optional<SizeFacts>(FactsOf(fid, (*after)->row, sums->front()));
}

Task<Result<Findings>> CompareSizes(Core& core, std::vector<Fid> files) {
  Findings findings;
  auto suspects = co_await FindSuspects(core, files);
  if (!suspects.ok()) co_return suspects.status();
  for (const Fid& fid : *suspects) {
    auto found = co_await CompareLocked(core, fid);
    if (!found.ok()) co_return found.status();
    findings.insert(findings.end(), found->begin(), found->end());
  }
  co_return findings;
}

}  // namespace nacre
