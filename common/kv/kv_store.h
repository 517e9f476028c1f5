// KvStore: an ordered key-value store with atomic batches, where servers keep what must survive. Implementations:
// rocksdb_kv.h (the only place that knows RocksDB) and memory_kv.h (for tests and the simulator; Crash() drops what was
// not synced). Both pass tests/contract/kv_contract.h.
//
// Any thread. Batches take effect one after another, each wholly or not at all, also across a crash: what survives is a
// prefix of the batches applied.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/status.h"

namespace nacre {

// A column family: index into the names the store was opened with.
enum class KvFamily : uint32_t {};

class KvBatch {
 public:
  enum class Kind { kPut, kDelete, kMerge };
  struct Operation {
    Kind kind;
    KvFamily family;
    std::string key;
    std::string value;  // put: the value; merge: the operand
  };
  void Put(KvFamily family, std::string key, std::string value) {
    operations_.push_back({Kind::kPut, family, std::move(key), std::move(value)});
  }
  void Delete(KvFamily family, std::string key) { operations_.push_back({Kind::kDelete, family, std::move(key), {}}); }
  // Folds operand into the value by the family's merge function, when next read: no read before the write.
  void Merge(KvFamily family, std::string key, std::string operand) {
    operations_.push_back({Kind::kMerge, family, std::move(key), std::move(operand)});
  }
  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }

 private:
  std::vector<Operation> operations_;
};

// Pure: the value with operand folded in. value is nullopt where the key had none. Must be associative over operands is
// NOT asked: operands are folded in order.
using KvMergeFunction = std::function<std::string(std::optional<std::string_view> value, std::string_view operand)>;

struct KvFamilySpec {
  std::string name;
  KvMergeFunction merge;  // empty: Merge is not allowed on this family
};

// Walks keys in order over the state at its making.
class KvCursor {
 public:
  virtual ~KvCursor() = default;
  virtual bool Valid() const = 0;  // false at the end, and after an error
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void Next() = 0;
  virtual Status status() const = 0;
};

class KvStore {
 public:
  enum class Durability {
    kApplied,  // visible, survives a crash of the process, not one of the machine
    kSynced,   // on stable storage, with everything applied before it
  };
  virtual ~KvStore() = default;

  virtual Result<std::optional<std::string>> Get(KvFamily family, std::string_view key) = 0;
  virtual std::unique_ptr<KvCursor> Seek(KvFamily family, std::string_view first_key) = 0;
  virtual Status Apply(const KvBatch& batch, Durability durability) = 0;
  // Blocks until everything applied before is on stable storage. A failure is final: the caller ends the process
  // (after a failed fsync nobody knows what is on the disk).
  virtual Status Sync() = 0;
};

}  // namespace nacre
