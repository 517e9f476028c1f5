// Evictions: sessions that the server has ended without their clients, and which OSTs take nothing of them any more (DESIGN
// §5). An OST is told with the answer to each of its announcements, and says so with the next; one that is down hears it
// before it serves again. Pure; one strand. The rows (family session) are the caller's part.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace nacre {

class Evictions {
 public:
  void Begin(uint64_t session) { fenced_by_.try_emplace(session); }
  size_t size() const { return fenced_by_.size(); }

  std::vector<uint64_t> NotFencedBy(uint32_t ost) const {
    std::vector<uint64_t> sessions;
    for (const auto& [session, osts] : fenced_by_) {
      if (!osts.contains(ost)) sessions.push_back(session);
    }
    return sessions;
  }
  void FencedBy(uint32_t ost, uint64_t session) {
    const auto it = fenced_by_.find(session);
    if (it != fenced_by_.end()) it->second.insert(ost);
  }
  // Takes out those of which nobody has to be told any more: all of these OSTs have fenced them, or they are below the oldest
  // open session, whose number every OST hears each time.
  std::vector<uint64_t> TakeFinished(const std::vector<uint32_t>& osts, uint64_t oldest) {
    std::vector<uint64_t> finished;
    for (auto it = fenced_by_.begin(); it != fenced_by_.end();) {
      bool all = true;
      for (uint32_t ost : osts) all = all && it->second.contains(ost);
      all = all || it->first < oldest;
      if (all) finished.push_back(it->first);
      it = all ? fenced_by_.erase(it) : std::next(it);
    }
    return finished;
  }

 private:
  std::map<uint64_t, std::set<uint32_t>> fenced_by_;  // session -> OSTs
};

}  // namespace nacre
