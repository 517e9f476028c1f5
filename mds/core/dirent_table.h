// DirentTable: the entries of directories, by cookie (key_schema.h). One strand.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/fs/fid.h"
#include "common/kv/kv_store.h"
#include "mds.pb.h"
#include "mds_rows.pb.h"

namespace nacre {

struct Dirent {
  uint64_t cookie = 0;
  std::string name;  // as stored
  Fid fid;
  v1::FileType type = v1::FILE_TYPE_NONE;
};

// Where a name is, or would go.
struct DirentPlace {
  std::optional<Dirent> entry;
  uint64_t free_cookie = 0;  // 0: all 256 places of this hash are taken
  uint64_t hash = 0;         // of the name, as in cookies
};

class DirentTable {
 public:
  explicit DirentTable(KvStore& kv) : kv_(kv) {}

  // The part of its cookie that comes from an entry's name. salt: the directory's, 16 bytes.
  static uint64_t HashOf(std::string_view salt, std::string_view name);

  // By stored name: at most 256 rows share the hash.
  Result<DirentPlace> Find(const Fid& directory, std::string_view salt, std::string_view name);
  // By no-key name: one row, confirmed against the stored bytes.
  Result<std::optional<Dirent>> FindNoKey(const Fid& directory, const v1::NoKeyName& name);
  Result<std::optional<Dirent>> FindCookie(const Fid& directory, uint64_t cookie);
  Result<bool> IsEmpty(const Fid& directory);
  // Entries with a cookie above `after`.
  class Walk {
   public:
    Walk(KvStore& kv, const Fid& directory, uint64_t after);
    Result<std::optional<Dirent>> Next();  // nullopt: the end

   private:
    Fid directory_;
    std::string prefix_;
    std::unique_ptr<KvCursor> cursor_;
  };
  Walk Entries(const Fid& directory, uint64_t after) { return Walk(kv_, directory, after); }

  // An entry already at entry.cookie is replaced: it keeps its place for who is reading the directory.
  static void Put(KvBatch& batch, const Fid& directory, const Dirent& entry);
  static void Remove(KvBatch& batch, const Fid& directory, uint64_t cookie);

 private:
  KvStore& kv_;
};

}  // namespace nacre
