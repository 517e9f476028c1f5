#include "mds/core/dirstat.h"

#include "common/base/bytes.h"

namespace nacre {
namespace {
constexpr size_t kDirstatBytes = 33;
constexpr uint8_t kHasMtime = 1, kHasCtime = 2;
}  // namespace

std::string EncodeDirstat(const Dirstat& stat) {
  std::string bytes;
  bytes.reserve(kDirstatBytes);
  bytes.push_back(static_cast<char>((stat.mtime_ns ? kHasMtime : 0) | (stat.ctime_ns ? kHasCtime : 0)));
  for (int64_t number : {stat.entries, stat.subdirectories, stat.mtime_ns.value_or(0), stat.ctime_ns.value_or(0)}) {
    AppendBigEndian64(bytes, static_cast<uint64_t>(number));
  }
  return bytes;
}

std::optional<Dirstat> DecodeDirstat(std::string_view bytes) {
  if (bytes.size() != kDirstatBytes) return std::nullopt;
  const uint8_t* at = AsBytes(bytes).data();
  const auto number = [at](size_t which) { return static_cast<int64_t>(LoadBigEndian64(at + 1 + 8 * which)); };
  Dirstat stat{.entries = number(0), .subdirectories = number(1)};
  if ((at[0] & kHasMtime) != 0) stat.mtime_ns = number(2);
  if ((at[0] & kHasCtime) != 0) stat.ctime_ns = number(3);
  return stat;
}

Dirstat Fold(const Dirstat& before, const Dirstat& change) {
  return {.entries = before.entries + change.entries,
          .subdirectories = before.subdirectories + change.subdirectories,
          .mtime_ns = change.mtime_ns ? change.mtime_ns : before.mtime_ns,
          .ctime_ns = change.ctime_ns ? change.ctime_ns : before.ctime_ns};
}

std::string MergeDirstat(std::optional<std::string_view> value, std::string_view operand) {
  const Dirstat before = value ? DecodeDirstat(*value).value_or(Dirstat{}) : Dirstat{};
  return EncodeDirstat(Fold(before, DecodeDirstat(operand).value_or(Dirstat{})));
}

}  // namespace nacre
