// Committer: makes changes stable, in batches. A batch is everything changed up to one moment on the strand, frozen
// there: first the data is synced, then one synced KvBatch has the rows and the reply records; so after any crash the
// store holds exactly the requests up to some transno, each whole. While a batch is under way new changes gather for the
// next. Slots that a batch stops referring to are freed, and files removed, once it is stable.
//
// One strand; syncing happens on the io executor. A failed sync is final (nobody knows what is on the disk): fatal is
// called, which ends the process; should it return, nothing is ever made stable again and who waits for that waits on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/executor.h"
#include "common/base/task.h"
#include "common/kv/kv_store.h"
#include "common/recovery/authors.h"
#include "common/recovery/commit_queue.h"
#include "common/recovery/transno.h"
#include "oss/core/fatal_handler.h"
#include "oss/core/object.h"
#include "oss/core/object_device.h"
#include "oss/core/space_account.h"
#include "oss/core/strand_timer.h"

namespace nacre {

struct CommitterOptions {
  Duration interval = std::chrono::seconds(5);  // the longest a change waits for its batch to begin
  uint64_t commit_bytes = 64 * kMiB;            // a batch begins when so much was written
  uint64_t dirty_bytes_max = 256 * kMiB;        // writers wait while more is not stable
};

class Committer {
 public:
  struct Parts {
    std::shared_ptr<Strand> strand;
    Executor& io;
    Timers& timers;
    KvStore& kv;
    ObjectDevice& device;
    SpaceAccount& space;
    FatalHandler fatal;
  };
  Committer(Parts parts, uint64_t boot_count, CommitterOptions options);

  // The object was just changed by this session (0: nobody's, or an order of the MDS): the number of that change.
  // data_bytes: what was written for it.
  Transno Changed(const ObjectPtr& object, uint64_t session, uint64_t data_bytes);
  // Rows that are nobody's object go with the next batch; the newest word on a key counts.
  void PutRow(KvFamily family, std::string key, std::string value);
  void DeleteRow(KvFamily family, std::string key);
  // The rows put and deleted so far are a change of nobody's: its number.
  Transno RowsChanged();

  // Goes on once everything up to transno is stable; makes it so.
  Task<void> CommitUpTo(Transno transno);
  Task<void> CommitAll() { return CommitUpTo(transnos_.last()); }
  // Waits while too much is not stable. For writers, before they write.
  Task<void> WaitForRoom();
  // Commits everything and ends. Nobody may change anything any more.
  Task<void> Stop();

  Transno last() const { return transnos_.last(); }
  Transno stable() const { return queue_.stable(); }
  const Authors& authors() const { return authors_; }  // of what is not stable
  uint64_t stable_batch() const { return stable_batch_; }

 private:
  struct Batch {
    uint64_t number = 0;
    Transno up_to = 0;
    KvBatch rows;
    uint64_t data_bytes = 0;
    std::vector<std::pair<ObjectPtr, std::vector<SlotSpan>>> freed;
    std::vector<ObjectPtr> destroyed;
  };
  void Begin();
  Task<void> Run();
  Batch Freeze();
  void FreezeObject(const ObjectPtr& object, Batch& batch);
  void FreezeChunks(Object& object, Batch& batch);
  Task<Status> MakeStable(const Batch& batch);
  void Finish(Batch& batch);
  Task<void> CleanUp(const Batch& batch);
  void SetTimer();

  const std::shared_ptr<Strand> strand_;
  Executor& io_;
  KvStore& kv_;
  ObjectDevice& device_;
  SpaceAccount& space_;
  const FatalHandler fatal_;
  const CommitterOptions options_;
  StrandTimer timer_;
  TransnoSource transnos_;
  CommitQueue queue_;
  Authors authors_;
  TaskGroup tasks_;

  bool running_ = false;
  bool wanted_ = false;
  bool timer_set_ = false;
  uint64_t batch_number_ = 0;
  uint64_t stable_batch_ = 0;
  Transno frozen_up_to_ = 0;
  std::vector<ObjectPtr> dirty_objects_;  // in the order in which they became dirty
  std::map<std::pair<KvFamily, std::string>, std::optional<std::string>> rows_;
  uint64_t data_bytes_ = 0;         // changed, in no batch yet
  uint64_t frozen_data_bytes_ = 0;  // in the batch under way
};

}  // namespace nacre
