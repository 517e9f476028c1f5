#include "common/kv/rocksdb_kv.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/base/check.h"
#include "common/kv/rocksdb_log_order.h"

namespace nacre {
namespace {

// In RocksDB's default family, which holds nothing else: written last when a store is made, so its absence in a store
// with nothing in it means that making it was cut short, and making it again is right.
constexpr std::string_view kFormatKey = "nacre.kv";
constexpr std::string_view kFormatHead = "1";  // then, each behind a newline, the family names in order

std::string FormatValue(const std::vector<KvFamilySpec>& families) {
  std::string value(kFormatHead);
  for (const KvFamilySpec& family : families) value += "\n" + family.name;
  return value;
}

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Status FromRocks(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return Status::Ok();
  Code code = Code::kIo;
  if (status.IsCorruption()) code = Code::kIntegrity;
  if (status.IsNoSpace()) code = Code::kNoSpace;
  return Status(code, std::string(doing) + ": " + status.ToString());
}

// Folds operands in order; never combines operands among themselves, as the function need not be associative.
class MergeAdapter final : public rocksdb::MergeOperator {
 public:
  MergeAdapter(std::string name, KvMergeFunction merge) : name_("nacre." + std::move(name)), merge_(std::move(merge)) {}
  const char* Name() const override { return name_.c_str(); }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::optional<std::string> value;
    if (in.existing_value != nullptr) value = in.existing_value->ToString();
    for (const rocksdb::Slice& operand : in.operand_list) {
      std::optional<std::string_view> old;
      if (value) old = *value;
      std::string next = merge_(old, ToView(operand));
      value = std::move(next);
    }
    out->new_value = std::move(*value);
    return true;
  }
  bool AllowSingleOperand() const override { return false; }

 private:
  const std::string name_;
  const KvMergeFunction merge_;
};

class RocksCursor final : public KvCursor {
 public:
  RocksCursor(std::unique_ptr<rocksdb::Iterator> at, std::string_view first_key) : at_(std::move(at)) {
    at_->Seek(ToSlice(first_key));
  }
  bool Valid() const override { return at_->Valid(); }
  std::string_view key() const override { return ToView(at_->key()); }
  std::string_view value() const override { return ToView(at_->value()); }
  void Next() override { at_->Next(); }
  Status status() const override { return FromRocks(at_->status(), "walking the key-value store"); }

 private:
  std::unique_ptr<rocksdb::Iterator> at_;
};

class RocksKv final : public KvStore {
 public:
  RocksKv(std::unique_ptr<rocksdb::Env> env, std::unique_ptr<rocksdb::DB> db,
          std::vector<rocksdb::ColumnFamilyHandle*> handles, size_t family_count)
      : env_(std::move(env)), db_(std::move(db)), handles_(std::move(handles)), family_count_(family_count) {}
  ~RocksKv() override {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
    db_->Close().PermitUncheckedError();
  }

  Result<std::optional<std::string>> Get(KvFamily family, std::string_view key) override {
    std::string value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), Handle(family), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return FromRocks(status, "reading the key-value store");
    return std::optional<std::string>(std::move(value));
  }

  std::unique_ptr<KvCursor> Seek(KvFamily family, std::string_view first_key) override {
    std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions(), Handle(family)));
    return std::make_unique<RocksCursor>(std::move(at), first_key);
  }

  Status Apply(const KvBatch& batch, Durability durability) override {
    rocksdb::WriteBatch writes;
    for (const KvBatch::Operation& operation : batch.operations()) {
      rocksdb::ColumnFamilyHandle* handle = Handle(operation.family);
      rocksdb::Status added;
      switch (operation.kind) {
        case KvBatch::Kind::kPut:
          added = writes.Put(handle, operation.key, operation.value);
          break;
        case KvBatch::Kind::kDelete:
          added = writes.Delete(handle, operation.key);
          break;
        case KvBatch::Kind::kMerge:
          added = writes.Merge(handle, operation.key, operation.value);
          break;
      }
      if (!added.ok()) return FromRocks(added, "filling a batch");
    }
    rocksdb::WriteOptions options;
    options.sync = durability == Durability::kSynced;
    return FromRocks(db_->Write(options, &writes), "writing to the key-value store");
  }

  Status Sync() override { return FromRocks(db_->SyncWAL(), "syncing the key-value store"); }

  rocksdb::ColumnFamilyHandle* Handle(KvFamily family) const {
    const size_t index = static_cast<size_t>(family);
    NACRE_CHECK(index < family_count_, "a family the store was not opened with");
    return handles_[index];
  }
  rocksdb::ColumnFamilyHandle* DefaultHandle() const { return handles_[family_count_]; }
  rocksdb::DB& db() { return *db_; }

 private:
  const std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // ours in order, then RocksDB's default
  const size_t family_count_;
};

// Makes path and those above it that are missing. RocksDB syncs what is in its directory, but not that directory's own name.
// That is synced also when it was there: an earlier life may have died in between.
Status MakeDirectories(rocksdb::FileSystem& files, const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  const rocksdb::IOOptions options;
  if (!parent.empty() && !files.FileExists(path, options, nullptr).ok()) {
    NACRE_RETURN_IF_ERROR(MakeDirectories(files, parent));
  }
  rocksdb::IOStatus status = files.CreateDirIfMissing(path, options, nullptr);
  std::unique_ptr<rocksdb::FSDirectory> directory;
  if (status.ok()) status = files.NewDirectory(parent.empty() ? "." : parent, options, &directory, nullptr);
  if (status.ok()) status = directory->Fsync(options, nullptr);
  return FromRocks(status, "making " + path);
}

std::unique_ptr<rocksdb::Env> MakeEnv(const RocksKvOptions& options) {
  rocksdb::Env* below = options.env != nullptr ? options.env : rocksdb::Env::Default();
  return rocksdb::NewCompositeEnv(std::make_shared<LogOrder>(below->GetFileSystem()));
}

rocksdb::DBOptions DatabaseOptions(const RocksKvOptions& options, rocksdb::Env* env) {
  rocksdb::DBOptions out;
  out.env = env;
  out.create_if_missing = true;
  out.create_missing_column_families = true;
  out.paranoid_checks = true;
  // A power cut leaves a torn tail of what was never synced; everything synced stands before it.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  out.db_write_buffer_size = options.write_buffer_bytes;
  out.max_total_wal_size = 2 * options.write_buffer_bytes;
  out.max_open_files = options.max_open_files;
  out.max_background_jobs = 2;
  out.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  out.keep_log_file_num = 2;
  out.max_log_file_size = kMiB;
  out.stats_dump_period_sec = 0;
  return out;
}

rocksdb::ColumnFamilyOptions FamilyOptions(const RocksKvOptions& options, const KvFamilySpec& spec,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // so that the cache bounds them too
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  rocksdb::ColumnFamilyOptions out;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  out.write_buffer_size = options.write_buffer_bytes / 2;
  out.max_write_buffer_number = 2;
  out.compression = rocksdb::kNoCompression;  // most of what we keep is ciphertext and checksums
  if (spec.merge) out.merge_operator = std::make_shared<MergeAdapter>(spec.name, spec.merge);
  return out;
}

Status OtherFamilies(const std::string& directory) {
  return Status(Code::kInvalid, directory + " was made with another format or other families; this version cannot open it");
}

// What the families of an existing store say against opening it; Ok for a new one, and for one whose making was cut
// short: its missing families are made when it is opened. Looks before it opens, as opening would make them in any store.
Status CheckExistingFamilies(const std::string& directory, const rocksdb::DBOptions& options,
                             const std::vector<KvFamilySpec>& families) {
  if (!std::filesystem::exists(directory + "/CURRENT")) return Status::Ok();
  std::vector<std::string> present;
  NACRE_RETURN_IF_ERROR(FromRocks(rocksdb::DB::ListColumnFamilies(options, directory, &present),
                                  "reading the families of " + directory));
  for (const std::string& name : present) {
    const bool known = name == rocksdb::kDefaultColumnFamilyName ||
                       std::any_of(families.begin(), families.end(), [&](const auto& spec) { return spec.name == name; });
    if (!known) {
      std::string why = directory;
      why.append(" holds family '").append(name).append("', not known here: another program's or a newer version's store");
      return Status(Code::kInvalid, std::move(why));
    }
  }
  if (present.size() == families.size() + 1) return Status::Ok();
  rocksdb::DB* db = nullptr;
  const rocksdb::Options read_options(options, rocksdb::ColumnFamilyOptions());
  NACRE_RETURN_IF_ERROR(FromRocks(rocksdb::DB::OpenForReadOnly(read_options, directory, &db), "opening " + directory));
  std::unique_ptr<rocksdb::DB> owned(db);
  std::string format;
  const bool complete = db->Get(rocksdb::ReadOptions(), ToSlice(kFormatKey), &format).ok();
  return complete ? OtherFamilies(directory) : Status::Ok();
}

// The store's own word on what it is. Makes it where the store is empty.
Status CheckFormat(RocksKv& store, const std::string& directory, const std::vector<KvFamilySpec>& families) {
  const std::string wanted = FormatValue(families);
  std::string found;
  const rocksdb::Status status =
      store.db().Get(rocksdb::ReadOptions(), store.DefaultHandle(), ToSlice(kFormatKey), &found);
  if (status.ok()) {
    if (found == wanted) return Status::Ok();
    return OtherFamilies(directory);
  }
  if (!status.IsNotFound()) return FromRocks(status, "reading the format of " + directory);
  std::vector<rocksdb::ColumnFamilyHandle*> all = {store.DefaultHandle()};
  for (size_t i = 0; i < families.size(); ++i) all.push_back(store.Handle(static_cast<KvFamily>(i)));
  for (rocksdb::ColumnFamilyHandle* handle : all) {
    std::unique_ptr<rocksdb::Iterator> at(store.db().NewIterator(rocksdb::ReadOptions(), handle));
    at->SeekToFirst();
    NACRE_RETURN_IF_ERROR(FromRocks(at->status(), "reading " + directory));
    if (at->Valid()) return Status(Code::kInvalid, directory + " holds a RocksDB store that is not Nacre's");
  }
  rocksdb::WriteOptions synced;
  synced.sync = true;
  return FromRocks(store.db().Put(synced, store.DefaultHandle(), ToSlice(kFormatKey), wanted), "making " + directory);
}

}  // namespace

Result<std::unique_ptr<KvStore>> OpenRocksKv(const std::string& directory, const std::vector<KvFamilySpec>& families,
                                             const RocksKvOptions& options) {
  std::unique_ptr<rocksdb::Env> env = MakeEnv(options);
  const rocksdb::DBOptions db_options = DatabaseOptions(options, env.get());
  NACRE_RETURN_IF_ERROR(MakeDirectories(*db_options.env->GetFileSystem(), directory));
  NACRE_RETURN_IF_ERROR(CheckExistingFamilies(directory, db_options, families));

  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.block_cache_bytes, 4);
  std::vector<rocksdb::ColumnFamilyDescriptor> columns;
  for (const KvFamilySpec& spec : families) columns.emplace_back(spec.name, FamilyOptions(options, spec, cache));
  columns.emplace_back(rocksdb::kDefaultColumnFamilyName, FamilyOptions(options, {}, cache));

  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status opened = rocksdb::DB::Open(db_options, directory, columns, &handles, &db);
  if (!opened.ok()) {
    Status status = FromRocks(opened, "opening " + directory);
    // RocksDB has no code of its own for a lock that is held.
    const bool locked = opened.IsIOError() && status.message().find("lock") != std::string::npos;
    return locked ? Status(Code::kBusy, status.message() + " (does another process have it open?)") : status;
  }
  auto store =
      std::make_unique<RocksKv>(std::move(env), std::unique_ptr<rocksdb::DB>(db), std::move(handles), families.size());
  NACRE_RETURN_IF_ERROR(CheckFormat(*store, directory, families));
  return std::unique_ptr<KvStore>(std::move(store));
}

}  // namespace nacre
