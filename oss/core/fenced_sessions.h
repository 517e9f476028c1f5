// FencedSessions: the sessions of which an OST takes nothing more, because they are over for the whole cluster: those that
// MDT0000 has evicted, and all below the oldest that is still open (DESIGN §5). Pure; one strand.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

namespace nacre {

// What MDT0000 says with each answer to an announcement (proto/mds.proto).
struct SessionFences {
  std::vector<uint64_t> evicted;
  uint64_t oldest = 0;  // every session of a lower number is over
};

class FencedSessions {
 public:
  bool IsOver(uint64_t session) const { return session < oldest_ || evicted_.contains(session); }

  // False: it was known. Evicted sessions are to be stored: MDT0000 tells each only until it was called fenced.
  bool Evict(uint64_t session) { return evicted_.insert(session).second; }
  // Answers those whose rows are not needed any more: whoever asks is told by the number alone, as MDT0000 says at each start.
  std::vector<uint64_t> RaiseOldest(uint64_t oldest) {
    if (oldest <= oldest_) return {};
    oldest_ = oldest;
    const auto end = evicted_.lower_bound(oldest);
    std::vector<uint64_t> covered(evicted_.begin(), end);
    evicted_.erase(evicted_.begin(), end);
    return covered;
  }

 private:
  uint64_t oldest_ = 0;
  std::set<uint64_t> evicted_;
};

}  // namespace nacre
