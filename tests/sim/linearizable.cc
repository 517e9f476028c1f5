#include "tests/sim/linearizable.h"

#include <algorithm>
#include <set>
#include <utility>

namespace nacre::sim {
namespace {

// A history that takes longer is called impossible.
constexpr size_t kStatesMax = 3'000'000;

class Search {
 public:
  explicit Search(const std::vector<Happened>& history) : history_(history), done_(history.size(), '0') {
    for (const Happened& one : history) musts_left_ += one.must ? 1 : 0;
  }
  // With as few as possible of those that perhaps were done: of clients that died there are many, and most do not matter.
  bool From(const std::string& state) {
    for (size_t perhaps = 0; perhaps <= history_.size() && visited_ < kStatesMax; ++perhaps) {
      perhaps_left_ = perhaps;
      more_would_help_ = false;
      seen_.clear();
      if (Go(state)) return true;
      if (!more_would_help_) return false;
    }
    return false;
  }

 private:
  bool Go(const std::string& state) {
    if (musts_left_ == 0) return true;
    if (++visited_ > kStatesMax || !seen_.insert(done_ + state).second) return false;
    uint64_t first_end = kNeverEnded;  // nothing that began later can have come first
    for (size_t i = 0; i < history_.size(); ++i) {
      if (done_[i] == '0' && history_[i].must) first_end = std::min(first_end, history_[i].end);
    }
    for (size_t i = 0; i < history_.size(); ++i) {
      const Happened& one = history_[i];
      if (done_[i] != '0' || one.begin > first_end) continue;
      std::string after = state;
      if (!one.apply(after)) continue;
      if (!one.must && perhaps_left_ == 0) {
        more_would_help_ = true;
        continue;
      }
      size_t& left = one.must ? musts_left_ : perhaps_left_;
      done_[i] = '1';
      --left;
      const bool found = Go(after);
      ++left;
      done_[i] = '0';
      if (found) return true;
    }
    return false;
  }

  const std::vector<Happened>& history_;
  std::string done_;
  size_t musts_left_ = 0;
  size_t perhaps_left_ = 0;
  bool more_would_help_ = false;
  size_t visited_ = 0;
  std::set<std::string> seen_;
};

}  // namespace

bool Linearizable(const std::vector<Happened>& history, const std::string& first_state) {
  return Search(history).From(first_state);
}

std::string HistoryText(const std::vector<Happened>& history) {
  std::string text;
  for (const Happened& one : history) {
    text += "  " + std::to_string(one.begin) + " .. " + (one.end == kNeverEnded ? "?" : std::to_string(one.end)) + " " +
            one.text + (one.must ? "" : " (perhaps)") + "\n";
  }
  return text;
}

}  // namespace nacre::sim
