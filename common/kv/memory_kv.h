// MemoryKv: a KvStore in memory, for tests and the simulator. Crash() does what a power cut does to a log: everything
// synced stays, of the rest a prefix of the batches.
//
// Any thread. Cursors see the state at their making: maps are shared with them and copied when written to meanwhile.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/kv/kv_store.h"

namespace nacre {

class MemoryKv final : public KvStore {
 public:
  explicit MemoryKv(std::vector<KvFamilySpec> families);

  Result<std::optional<std::string>> Get(KvFamily family, std::string_view key) override;
  std::unique_ptr<KvCursor> Seek(KvFamily family, std::string_view first_key) override;
  Status Apply(const KvBatch& batch, Durability durability) override;
  Status Sync() override;

  // Loses all unsynced batches, or with random all behind a random prefix of them.
  void Crash(Random* random = nullptr);
  // What another process would find if this one's machine lost power now; this store goes on unharmed.
  std::unique_ptr<MemoryKv> CrashedCopy(Random* random = nullptr) const;
  size_t unsynced_batches() const;

  // The next call fails with error (once) and changes nothing; a failed kSynced Apply counts as both. Reads are not hit.
  void FailNextApply(Status error);
  void FailNextSync(Status error);
  void FailNoSync();  // takes that back

 private:
  using Map = std::map<std::string, std::string, std::less<>>;
  struct Family {
    std::shared_ptr<Map> rows;
    KvMergeFunction merge;
  };
  struct Before {  // what a key held before an operation
    uint32_t family;
    std::string key;
    std::optional<std::string> value;
  };
  using UndoLog = std::vector<Before>;

  Map& WritableLocked(uint32_t family);
  void ApplyOneLocked(const KvBatch::Operation& operation, UndoLog& undo);
  void UndoLocked(const UndoLog& undo);

  mutable std::mutex mutex_;  // guards all below
  std::vector<Family> families_;
  std::vector<UndoLog> unsynced_;  // one per batch, oldest first
  std::optional<Status> fail_apply_;
  std::optional<Status> fail_sync_;
};

}  // namespace nacre
