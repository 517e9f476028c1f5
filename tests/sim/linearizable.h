// Linearizable: can these operations, which overlapped, have happened one after the other, each between its begin and its
// end? The search of Wing and Gong with Lowe's memo. For histories of some dozen operations. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace nacre::sim {

constexpr uint64_t kNeverEnded = std::numeric_limits<uint64_t>::max();

struct Happened {
  uint64_t begin = 0, end = kNeverEnded;
  bool must = true;  // false: perhaps it was never done, or done at any time after its begin
  std::function<bool(std::string& state)> apply;  // false: in this state it could not have answered as it did
  std::string text;
};

// Every must is done once, every other at most once.
bool Linearizable(const std::vector<Happened>& history, const std::string& first_state);

std::string HistoryText(const std::vector<Happened>& history);

}  // namespace nacre::sim
