// WriterRows: which sessions may have writes here that were answered and are not stable: one row each, stable before the
// session's first write is answered, so that a restarted server knows whose replays to wait for. A session that has not
// written for a while, and all of whose writes are stable, loses its row: nobody waits for the idle.
//
// One strand; the store is written on the io executor. Drained() before the destructor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/async_lock.h"
#include "common/base/executor.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/kv/kv_store.h"
#include "oss/core/fatal_handler.h"

namespace nacre {

class WriterRows {
 public:
  // fatal: called when a row cannot be made stable: nobody knows what of the log is (committer.h).
  WriterRows(Executor& strand, Executor& io, KvStore& kv, FatalHandler fatal)
      : strand_(strand), io_(io), kv_(kv), fatal_(std::move(fatal)), locks_(strand) {}

  // The rows that earlier lives left: session -> its client's id. Blocks.
  static Result<std::map<uint64_t, std::string>> Load(KvStore& kv);
  void TakeOver(const std::map<uint64_t, std::string>& loaded);

  // A write that is under way: the row stays.
  class [[nodiscard]] Writing {
   public:
    Writing(WriterRows* rows, uint64_t session) : rows_(rows), session_(session) {}
    Writing(Writing&& other) noexcept : rows_(std::exchange(other.rows_, nullptr)), session_(other.session_) {}
    Writing& operator=(Writing&&) = delete;
    ~Writing() {
      if (rows_ != nullptr) --rows_->rows_.at(session_).under_way;
    }

   private:
    WriterRows* rows_;
    uint64_t session_;
  };
  // The session's row is stable when this ends. kNoSpace: there is no room for it.
  Task<Result<Writing>> Begin(uint64_t session, std::string client_id);

  // Takes the row away unless a write is under way: all the session wrote is stable, or given up. Survives the death of
  // this process when it ends; after a power cut the row may be back, which costs a wait and nothing else.
  Task<void> Remove(uint64_t session);

  // Those that have not begun a write since they were last asked for here.
  std::vector<uint64_t> Idle();
  std::vector<uint64_t> All() const;

 private:
  struct Row {
    bool stored = false;
    bool changing = false;  // the store is being written
    bool used = true;
    int under_way = 0;
  };
  Executor& strand_;
  Executor& io_;
  KvStore& kv_;
  const FatalHandler fatal_;
  LockTable<uint64_t> locks_;
  std::map<uint64_t, Row> rows_;
};

}  // namespace nacre
