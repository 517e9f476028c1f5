// LogOrder: the files of a RocksDB store, except that a write-ahead log is on stable storage before the next one is begun.
//
// When a memtable is full RocksDB goes on in a new log and leaves the end of the old one unsynced. A power cut may then keep
// what stands in the new log and lose the end of the old, and recovery takes no notice of the hole if the old log ends
// between two batches: what survives would be no prefix of what was applied. One sync for each log prevents it.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <mutex>
#include <string>

namespace nacre {

class LogOrder final : public rocksdb::FileSystemWrapper {
 public:
  explicit LogOrder(const std::shared_ptr<rocksdb::FileSystem>& files) : FileSystemWrapper(files) {}
  const char* Name() const override { return "nacre.log_order"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

 private:
  class LogFile;
  // Which log is written to. Files may outlive the file system they are of.
  struct Current {
    std::mutex mutex;
    LogFile* log = nullptr;
  };
  const std::shared_ptr<Current> current_ = std::make_shared<Current>();
};

}  // namespace nacre
