#include "common/kv/rocksdb_log_order.h"

#include <utility>

namespace nacre {

class LogOrder::LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<Current> current)
      : FSWritableFileOwnerWrapper(std::move(file)), current_(std::move(current)) {
    std::lock_guard lock(current_->mutex);
    current_->log = this;
  }
  ~LogFile() override { Leave(); }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    Leave();
    return FSWritableFileOwnerWrapper::Close(options, debug);
  }

 private:
  void Leave() {
    std::lock_guard lock(current_->mutex);
    if (current_->log == this) current_->log = nullptr;
  }
  const std::shared_ptr<Current> current_;
};

rocksdb::IOStatus LogOrder::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* file,
                                            rocksdb::IODebugContext* debug) {
  const bool is_log = path.ends_with(".log");
  if (is_log) {
    // Nobody writes while RocksDB changes logs, so the old one has all that comes before the new.
    std::lock_guard lock(current_->mutex);
    if (current_->log != nullptr) {
      rocksdb::IOStatus synced = current_->log->Sync(options.io_options, debug);
      if (!synced.ok()) return synced;
    }
  }
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
  if (status.ok() && is_log) *file = std::make_unique<LogFile>(std::move(*file), current_);
  return status;
}

}  // namespace nacre
