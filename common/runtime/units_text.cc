#include "common/runtime/units_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

namespace nacre {
namespace {

// A decimal number without sign or exponent in front of text, which loses it.
std::optional<double> TakeNumber(std::string_view& text) {
  double value = 0;
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  return value;
}

std::optional<int> SizeShift(std::string_view unit) {
  if (unit.empty() || unit == "B" || unit == "b") return 0;
  static constexpr std::string_view kLetters = "KMGTPE";
  const size_t power = kLetters.find(static_cast<char>(unit[0] >= 'a' ? unit[0] - 'a' + 'A' : unit[0]));
  const std::string_view rest = unit.substr(1);
  if (power == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "iB" || rest == "b")) return std::nullopt;
  return static_cast<int>(10 * (power + 1));
}

std::string OneDigit(double value, std::string_view unit) {
  char text[40];
  std::snprintf(text, sizeof text, value < 9.95 ? "%.1f " : "%.0f ", value);
  return std::string(text).append(unit);
}

}  // namespace

std::optional<uint64_t> ParseSize(std::string_view text) {
  // Whole numbers without a unit go beyond what a double holds exactly.
  uint64_t whole = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  const bool digits_only = end == text.data() + text.size();
  if (error == std::errc() && digits_only && !text.empty()) return whole;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  const std::optional<double> number = TakeNumber(text);
  if (!number.has_value()) return std::nullopt;
  const std::optional<int> shift = SizeShift(text);
  if (!shift.has_value()) return std::nullopt;
  const double bytes = std::ldexp(*number, *shift);
  if (bytes >= 18446744073709551615.0 || bytes != std::floor(bytes)) return std::nullopt;
  return static_cast<uint64_t>(bytes);
}

std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  const std::optional<double> number = TakeNumber(text);
  if (!number.has_value()) return std::nullopt;
  struct Unit {
    std::string_view name;
    double ns;
  };
  static constexpr Unit kUnits[] = {{"ns", 1},    {"us", 1e3},     {"ms", 1e6},       {"s", 1e9},
                                    {"m", 60e9},  {"min", 60e9},   {"h", 3600e9},     {"d", 86400e9}};
  if (text.empty() && *number == 0) return std::chrono::nanoseconds(0);
  for (const Unit& unit : kUnits) {
    if (unit.name != text) continue;
    const double ns = *number * unit.ns;
    if (ns > 100 * 365 * 86400e9) return std::nullopt;
    return std::chrono::nanoseconds(static_cast<int64_t>(ns));
  }
  return std::nullopt;
}

std::string FormatSize(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  static constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return OneDigit(value, kUnits[unit]);
}

std::string FormatDuration(std::chrono::nanoseconds duration) {
  const double ns = static_cast<double>(duration.count());
  if (ns < 1e3) return std::to_string(duration.count()) + " ns";
  if (ns < 1e6) return OneDigit(ns / 1e3, "us");
  if (ns < 1e9) return OneDigit(ns / 1e6, "ms");
  if (ns < 120e9) return OneDigit(ns / 1e9, "s");
  if (ns < 7200e9) return OneDigit(ns / 60e9, "min");
  if (ns < 48 * 3600e9) return OneDigit(ns / 3600e9, "h");
  return OneDigit(ns / 86400e9, "d");
}

size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= left.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      const size_t changed = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[right.size()];
}

}  // namespace nacre
