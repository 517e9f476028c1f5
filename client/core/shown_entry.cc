#include "client/core/shown_entry.h"

#include <utility>

#include "client/core/file_info.h"
#include "common/fs/nokey_name.h"
#include "common/wire/wire.h"

namespace nacre {

Result<DirectoryEntry> ShowEntry(const Directory& directory, const v1::ReaddirReply::Entry& entry, KeyCache& keys) {
  DirectoryEntry shown;
  shown.info.fid = ToString(FromWire(entry.inode().fid()));
  Result<std::string> name = directory.ShownName(entry.cookie(), entry.name());
  shown.problem = name.status();
  if (!name.ok()) name = EncodeNokeyName(entry.cookie(), AsBytes(entry.name()));
  shown.name = name.ok() ? *std::move(name) : "?" + std::to_string(entry.cookie());
  if (shown.problem.ok()) shown.problem = directory.CheckChild(entry.inode());
  if (!shown.problem.ok()) return shown;
  Result<FileInfo> info = Describe(entry.inode(), keys);
  if (info.code() == Code::kUnavailable) return info.status();
  shown.problem = info.status();
  if (info.ok()) shown.info = *std::move(info);
  return shown;
}

}  // namespace nacre
