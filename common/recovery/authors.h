// Authors: which session made each change that is not stable yet, for commit on share (DESIGN §7): who relies on another
// session's change waits until it is stable, so no replay ever depends on another client's. Pure; one strand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "common/recovery/transno.h"

namespace nacre {

constexpr uint64_t kNobody = 0;  // in the place of a session: the server itself, or the MDS by its orders

class Authors {
 public:
  // In transno order.
  void Add(Transno transno, uint64_t session) {
    if (!runs_.empty() && runs_.back().second == session) {
      runs_.back().first = transno;  // a run of one session's changes is one entry
    } else {
      runs_.emplace_back(transno, session);
    }
  }
  // Everything up to transno is stable.
  void Forget(Transno stable) {
    while (!runs_.empty() && runs_.front().first <= stable) runs_.pop_front();
  }
  // Is nothing unstable, or all of it this session's?
  bool AllBy(uint64_t session) const { return runs_.empty() || (runs_.size() == 1 && runs_.front().second == session); }
  // Of a change that is not stable.
  uint64_t Of(Transno transno) const {
    const auto at = std::lower_bound(runs_.begin(), runs_.end(), transno,
                                     [](const auto& run, Transno wanted) { return run.first < wanted; });
    return at == runs_.end() ? 0 : at->second;
  }

 private:
  std::deque<std::pair<Transno, uint64_t>> runs_;  // last transno of the run, its session
};

}  // namespace nacre
