// How attributes look: mode strings, times, kinds, Entry messages. Pure but for the names of users and groups.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/nacre.h"
#include "results.pb.h"

namespace nacre::shell {

std::string ModeString(const FileInfo& info);          // "drwxr-sr-x"
std::string OctalMode(uint32_t mode);                  // "0755"
std::string KindName(FileKind kind);
std::string Rfc3339(int64_t ns_since_epoch);           // 2026-01-02T03:04:05.000000006Z
std::string ListTime(int64_t ns_since_epoch);          // "2026-01-02 03:04", UTC
std::string UserName(uint32_t uid);                    // the number where there is no name
std::string GroupName(uint32_t gid);

void FillEntry(const FileInfo& info, const std::string& path, const std::string& name, results::Entry* entry);

// Names side by side as ls shows them on a terminal of that width; column by column.
std::string InColumns(const std::vector<std::string>& names, unsigned width);
size_t DisplayWidth(const std::string& text);          // of UTF-8, one column for each code point

}  // namespace nacre::shell
