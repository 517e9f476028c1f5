// FidGrants: which FID ranges each session was given and which FIDs of them it has used, so that none is used twice. The
// ranges are kept in the session's row; which FIDs of them were used, a restarted server does not know: a client that names
// one twice then harms only itself. Pure; one strand.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "common/base/status.h"
#include "common/fs/fid.h"

namespace nacre {

class FidGrants {
 public:
  void Grant(uint64_t session, uint64_t seq);
  // May the session make this FID now? kInvalid: not of a range of its own, or used before.
  Status Check(uint64_t session, const Fid& fid) const;
  void Used(uint64_t session, const Fid& fid);
  void Drop(uint64_t session) { ranges_.erase(session); }
  std::vector<uint64_t> Of(uint64_t session) const;  // the ranges, oldest first

 private:
  struct Range {
    uint64_t seq = 0;
    std::bitset<kFidRangeCount> used;  // oid - 1
  };
  static constexpr size_t kRangesPerSessionMax = 64;  // the oldest is forgotten: a client uses one or two at a time
  std::map<uint64_t, std::deque<Range>> ranges_;
};

}  // namespace nacre
