// The identity of a data directory (DESIGN §10): which filesystem and target it belongs to, and how often that target has
// been started. A server takes it before it opens anything else; a directory of another target or a newer format is
// refused. The boot count is durable before it is used. One process at a time: the file stays locked while it is held.
//
//   DATA/identity (TOML): format, kind, index, instance (hex), fsid (hex, absent until known), boot_count
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/files.h"
#include "common/base/random.h"
#include "common/base/status.h"

namespace nacre {

struct Identity {
  uint32_t format = 1;
  std::string kind;      // "mdt" or "ost"
  uint32_t index = 0;
  std::string instance;  // 16 bytes, drawn when the directory was made
  std::string fsid;      // 16 bytes; empty until the cluster told it
  uint64_t boot_count = 0;
};

class IdentityFile {
 public:
  // Makes the directory and identity where there is none, checks kind and index else, and counts this boot.
  static Result<IdentityFile> Take(const std::string& data_dir, const std::string& kind, uint32_t index, Random& random,
                                   Files& files = SystemFiles());
  IdentityFile(IdentityFile&& other) noexcept;
  IdentityFile& operator=(IdentityFile&&) = delete;
  ~IdentityFile();

  const Identity& identity() const { return identity_; }
  // Writes the fsid down; kInvalid if another one stands there.
  Status AdoptFsid(const std::string& fsid);

 private:
  IdentityFile(Files& files, std::string path, int lock_fd) : files_(files), path_(std::move(path)), lock_fd_(lock_fd) {}
  Status Store();

  Files& files_;
  std::string path_;
  int lock_fd_;
  Identity identity_;
};

}  // namespace nacre
