#include "client/shell/symbolic_mode.h"

namespace nacre::shell {
namespace {

constexpr uint32_t kUser = 04700, kGroup = 02070, kOther = 01007;

// "u", "go", "a" or nothing at the front of text, as the bits they may touch.
uint32_t TakeWho(std::string_view& text) {
  uint32_t who = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text[0] == 'u') who |= kUser;
    else if (text[0] == 'g') who |= kGroup;
    else if (text[0] == 'o') who |= kOther;
    else if (text[0] == 'a') who |= kUser | kGroup | kOther;
    else break;
  }
  return who;
}

uint32_t SpreadClass(uint32_t rwx) { return rwx | rwx << 3 | rwx << 6; }

// "rwxXst" or one of "ugo" (copied from the mode) at the front of text.
uint32_t TakePermissions(std::string_view& text, uint32_t mode, bool is_directory) {
  if (!text.empty() && (text[0] == 'u' || text[0] == 'g' || text[0] == 'o')) {
    const int shift = text[0] == 'u' ? 6 : text[0] == 'g' ? 3 : 0;
    text.remove_prefix(1);
    return SpreadClass(mode >> shift & 7);
  }
  uint32_t bits = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text[0] == 'r') bits |= 0444;
    else if (text[0] == 'w') bits |= 0222;
    else if (text[0] == 'x') bits |= 0111;
    else if (text[0] == 'X') bits |= is_directory || (mode & 0111) != 0 ? 0111 : 0;
    else if (text[0] == 's') bits |= 06000;
    else if (text[0] == 't') bits |= 01000;
    else break;
  }
  return bits;
}

std::optional<uint32_t> ApplyClause(std::string_view clause, uint32_t mode, bool is_directory, uint32_t umask) {
  uint32_t who = TakeWho(clause);
  const uint32_t masked = who == 0 ? umask & 0777 : 0;
  if (who == 0) who = 07777;
  if (clause.empty()) return std::nullopt;
  while (!clause.empty()) {
    const char operation = clause[0];
    if (operation != '+' && operation != '-' && operation != '=') return std::nullopt;
    clause.remove_prefix(1);
    const uint32_t bits = TakePermissions(clause, mode, is_directory) & who & ~masked;
    if (operation == '-') mode &= ~bits;
    // A directory keeps its set-id bits unless they are named: as chmod(1) does.
    if (operation == '=') mode &= ~(who & (is_directory ? 01777u : 07777u));
    if (operation != '-') mode |= bits;
  }
  return mode;
}

}  // namespace

std::optional<uint32_t> ParseOctalMode(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  uint32_t mode = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<uint32_t>(c - '0');
  }
  return mode <= 07777 ? std::optional(mode) : std::nullopt;
}

std::optional<uint32_t> ApplyMode(std::string_view text, uint32_t mode, bool is_directory, uint32_t umask) {
  if (const std::optional<uint32_t> octal = ParseOctalMode(text)) return octal;
  if (text.empty()) return std::nullopt;
  while (true) {
    const size_t comma = text.find(',');
    const std::optional<uint32_t> changed = ApplyClause(text.substr(0, comma), mode, is_directory, umask);
    if (!changed.has_value()) return std::nullopt;
    mode = *changed;
    if (comma == std::string_view::npos) return mode;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace nacre::shell
