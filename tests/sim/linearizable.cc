#include "tests/sim/linearizable.h"

#include <algorithm>
#include <set>
#include <utility>

namespace nacre::sim {
namespace {

class Search {
 public:
  explicit Search(const std::vector<Happened>& history) : history_(history), done_(history.size(), '0') {
    for (const Happened& one : history) musts_left_ += one.must ? 1 : 0;
  }
  bool From(const std::string& state) {
    if (musts_left_ == 0) return true;
    if (!seen_.insert(done_ + state).second) return false;
    uint64_t first_end = kNeverEnded;  // nothing that began later can have come first
    for (size_t i = 0; i < history_.size(); ++i) {
      if (done_[i] == '0' && history_[i].must) first_end = std::min(first_end, history_[i].end);
    }
    for (size_t i = 0; i < history_.size(); ++i) {
      const Happened& one = history_[i];
      if (done_[i] != '0' || one.begin > first_end) continue;
      std::string after = state;
      if (!one.apply(after)) continue;
      done_[i] = '1';
      musts_left_ -= one.must ? 1 : 0;
      const bool found = From(after);
      musts_left_ += one.must ? 1 : 0;
      done_[i] = '0';
      if (found) return true;
    }
    return false;
  }

 private:
  const std::vector<Happened>& history_;
  std::string done_;
  size_t musts_left_ = 0;
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
