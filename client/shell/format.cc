#include "client/shell/format.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "common/base/bytes.h"

namespace nacre::shell {

std::string ModeString(const FileInfo& info) {
  static constexpr char kKinds[] = "?-dlpscb";
  const size_t kind = static_cast<size_t>(info.kind);
  std::string out(1, kind < sizeof kKinds - 1 ? kKinds[kind] : '?');
  for (int shift = 6; shift >= 0; shift -= 3) {
    const uint32_t bits = info.mode >> shift;
    out += bits & 4 ? 'r' : '-';
    out += bits & 2 ? 'w' : '-';
    const bool special = (info.mode & (shift == 6 ? 04000u : shift == 3 ? 02000u : 01000u)) != 0;
    const bool execute = (bits & 1) != 0;
    const char lower = shift == 0 ? 't' : 's', upper = shift == 0 ? 'T' : 'S';
    out += special ? (execute ? lower : upper) : (execute ? 'x' : '-');
  }
  return out;
}

std::string OctalMode(uint32_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777);
  return text;
}

std::string KindName(FileKind kind) {
  switch (kind) {
    case FileKind::kRegular: return "file";
    case FileKind::kDirectory: return "directory";
    case FileKind::kSymlink: return "symlink";
    case FileKind::kFifo: return "fifo";
    case FileKind::kSocket: return "socket";
    case FileKind::kCharDevice: return "character";
    case FileKind::kBlockDevice: return "block";
  }
  return "unknown";
}

namespace {

struct SplitTime {
  std::tm utc{};
  int64_t ns = 0;
};

SplitTime Split(int64_t ns_since_epoch) {
  SplitTime split;
  time_t seconds = ns_since_epoch / 1'000'000'000;
  split.ns = ns_since_epoch % 1'000'000'000;
  if (split.ns < 0) {
    split.ns += 1'000'000'000;
    --seconds;
  }
  gmtime_r(&seconds, &split.utc);
  return split;
}

std::string Strftime(const std::tm& utc, const char* pattern) {
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, pattern, &utc));
}

}  // namespace

std::string Rfc3339(int64_t ns_since_epoch) {
  const SplitTime split = Split(ns_since_epoch);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%09lldZ", static_cast<long long>(split.ns));
  return Strftime(split.utc, "%Y-%m-%dT%H:%M:%S") + fraction;
}

std::string ListTime(int64_t ns_since_epoch) { return Strftime(Split(ns_since_epoch).utc, "%Y-%m-%d %H:%M"); }

std::string UserName(uint32_t uid) {
  const passwd* user = getpwuid(uid);
  return user != nullptr ? user->pw_name : std::to_string(uid);
}
std::string GroupName(uint32_t gid) {
  const group* entry = getgrgid(gid);
  return entry != nullptr ? entry->gr_name : std::to_string(gid);
}

void FillEntry(const FileInfo& info, const std::string& path, const std::string& name, results::Entry* entry) {
  entry->set_path(path);
  entry->set_name(name);
  entry->set_kind(KindName(info.kind));
  entry->set_mode(OctalMode(info.mode));
  entry->set_uid(info.uid);
  entry->set_gid(info.gid);
  entry->set_nlink(info.nlink);
  entry->set_size(info.size);
  entry->set_blocks(info.blocks);
  entry->set_atime(Rfc3339(info.atime_ns));
  entry->set_mtime(Rfc3339(info.mtime_ns));
  entry->set_ctime(Rfc3339(info.ctime_ns));
  entry->set_fid(info.fid);
  entry->set_encrypted(info.encrypted);
  entry->set_locked(info.locked);
  if (info.kind == FileKind::kSymlink) entry->set_target(info.symlink_target);
  if (!info.context.empty()) entry->set_context(ToHex(AsBytes(info.context)));
}

size_t DisplayWidth(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string InColumns(const std::vector<std::string>& names, unsigned width) {
  size_t widest = 0;
  for (const std::string& name : names) widest = std::max(widest, DisplayWidth(name));
  const size_t columns = std::max<size_t>(1, (width + 2) / (widest + 2));
  const size_t rows = (names.size() + columns - 1) / columns;
  std::string out;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = row; i < names.size(); i += rows) {
      out += names[i];
      if (i + rows < names.size()) out += std::string(widest + 2 - DisplayWidth(names[i]), ' ');
    }
    out += "\n";
  }
  return out;
}

}  // namespace nacre::shell
