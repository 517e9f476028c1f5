// Dirstat: what of a directory changes with every entry made or removed (how many entries and subdirectories, mtime,
// ctime), kept apart from its inode and changed by merge operands: a create reads and writes no row of its parent. Pure.
//
//   dirstat, value and operand alike := flags u8 (1: mtime there, 2: ctime there), entries i64, subdirectories i64,
//                                       mtime i64, ctime i64, all big-endian; 33 bytes
// Folding adds the counts; a time that is there replaces the older one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

struct Dirstat {
  int64_t entries = 0;
  int64_t subdirectories = 0;
  std::optional<int64_t> mtime_ns;
  std::optional<int64_t> ctime_ns;
  friend bool operator==(const Dirstat&, const Dirstat&) = default;
};

std::string EncodeDirstat(const Dirstat& stat);
std::optional<Dirstat> DecodeDirstat(std::string_view bytes);
Dirstat Fold(const Dirstat& before, const Dirstat& change);

// The family's merge function. An operand that is not ours is passed over.
std::string MergeDirstat(std::optional<std::string_view> value, std::string_view operand);

}  // namespace nacre
