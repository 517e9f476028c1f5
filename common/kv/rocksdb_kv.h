// RocksKv: a KvStore in a RocksDB directory. The only place that knows RocksDB; its memory is bounded by the options.
//
// The families a store was made with are written into it; opening it with others, or opening something that is no store
// of ours, is refused with a message that says so. Every family stands for a column family of that name.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/base/units.h"
#include "common/kv/kv_store.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace nacre {

struct RocksKvOptions {
  size_t block_cache_bytes = 32 * kMiB;
  size_t write_buffer_bytes = 32 * kMiB;  // of all families together
  int max_open_files = 256;
  rocksdb::Env* env = nullptr;  // the files it is kept in; null: the operating system's. Outlives the store
};

// Makes directory and store where there is none. kBusy: another process has it open. kInvalid: not ours, or of other
// families. kIntegrity: damaged.
Result<std::unique_ptr<KvStore>> OpenRocksKv(const std::string& directory, const std::vector<KvFamilySpec>& families,
                                             const RocksKvOptions& options);

}  // namespace nacre
