// Sizes and durations as people write and read them. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

// "4096", "64K", "1M", "1.5GiB", "2 TB": binary whatever the letters (K = KB = KiB = 1024). nullopt: no size, a fraction of
// a byte below zero, or above 2^64-1.
std::optional<uint64_t> ParseSize(std::string_view text);

// "500ms", "30s", "5m", "4h", "1d", "10us"; a unit is needed except after 0. nullopt: no duration, or beyond 100 years.
std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text);

std::string FormatSize(uint64_t bytes);  // "0 B", "1023 B", "1.5 GiB": at most one digit behind the point
std::string FormatDuration(std::chrono::nanoseconds duration);  // "850 us", "12 ms", "1.5 s", "2.0 h"

// The candidate a person most likely meant, or empty when none is near enough to be worth naming.
template <typename Names>
std::string_view NearestName(std::string_view name, const Names& candidates);
size_t EditDistance(std::string_view left, std::string_view right);

template <typename Names>
std::string_view NearestName(std::string_view name, const Names& candidates) {
  std::string_view best;
  size_t best_distance = name.size() / 3 + 2;  // two slips in a short word, more in a long one
  for (const auto& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best_distance && distance < std::string_view(candidate).size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace nacre
