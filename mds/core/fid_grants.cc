#include "mds/core/fid_grants.h"

#include <algorithm>

namespace nacre {

void FidGrants::Grant(uint64_t session, uint64_t seq) {
  auto& ranges = ranges_[session];
  if (ranges.size() >= kRangesPerSessionMax) ranges.pop_front();
  ranges.push_back({.seq = seq, .used = {}});
}

Status FidGrants::Check(uint64_t session, const Fid& fid) const {
  if (fid.ver != 0 || fid.oid == 0 || fid.oid > kFidRangeCount) {
    return Status(Code::kInvalid, "FID " + ToString(fid) + " is outside its range");
  }
  auto it = ranges_.find(session);
  if (it != ranges_.end()) {
    for (const Range& range : it->second) {
      if (range.seq != fid.seq) continue;
      if (!range.used.test(fid.oid - 1)) return Status::Ok();
      return Status(Code::kInvalid, "FID " + ToString(fid) + " was used before");
    }
  }
  return Status(Code::kInvalid, "FID " + ToString(fid) + " is of no range granted to this session");
}

std::vector<uint64_t> FidGrants::Of(uint64_t session) const {
  std::vector<uint64_t> seqs;
  if (auto it = ranges_.find(session); it != ranges_.end()) {
    for (const Range& range : it->second) seqs.push_back(range.seq);
  }
  return seqs;
}

void FidGrants::Used(uint64_t session, const Fid& fid) {
  auto it = ranges_.find(session);
  if (it == ranges_.end()) return;
  for (Range& range : it->second) {
    if (range.seq == fid.seq) range.used.set(fid.oid - 1);
  }
}

}  // namespace nacre
