#include "oss/core/commit_on_share.h"

#include <algorithm>

namespace nacre {
namespace {

// Collects the newest; most pages of a request have the version of the page before.
class Newest {
 public:
  Newest(const Authors& authors, Transno stable, uint64_t session)
      : authors_(authors), stable_(stable), session_(session) {}
  void See(Transno change) {
    if (change <= stable_ || change == last_) return;
    last_ = change;
    if (change > newest_ && authors_.Of(change) != session_) newest_ = change;
  }
  Transno newest() const { return newest_; }

 private:
  const Authors& authors_;
  const Transno stable_;
  const uint64_t session_;
  Transno last_ = 0;
  Transno newest_ = 0;
};

}  // namespace

Transno OthersChange(const Object& object, const Authors& authors, Transno stable, uint64_t session, const Sight& sight) {
  if (object.last_change <= stable || authors.AllBy(session)) return 0;
  Newest newest(authors, stable, session);
  newest.See(object.last_order);
  if (sight.size) newest.See(object.last_growth);
  // Chunks with an unstable change are in memory.
  const uint64_t end = sight.first_page + sight.page_count;
  for (auto chunk = object.chunks.lower_bound(sight.first_page / kChunkPages); chunk != object.chunks.end(); ++chunk) {
    const uint64_t begin_page = chunk->first * kChunkPages;
    if (begin_page >= end) break;
    const uint64_t from = std::max(begin_page, sight.first_page) - begin_page;
    const uint64_t to = std::min<uint64_t>(std::min(begin_page + kChunkPages, end) - begin_page, chunk->second.size());
    for (uint64_t page = from; page < to; ++page) newest.See(chunk->second.Get(static_cast<uint32_t>(page)).version);
  }
  return newest.newest();
}

}  // namespace nacre
