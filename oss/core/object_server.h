// ObjectServer: the core of an object storage server. Decides what requests may do (sessions, reply records, file epochs,
// conditions, tombstones) and has PageStore and Committer do it. proto/oss.proto says what each request means.
//
// Calls come from any thread and answer on the core's strand: who gets an answer hands it on quickly. Requests for one
// object take turns, reads among themselves do not. What it is given outlives it; Stop() comes before the destructor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/api/oss_api.h"
#include "common/base/async_lock.h"
#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/kv/kv_store.h"
#include "common/recovery/recovery_window.h"
#include "common/recovery/reply_record.h"
#include "common/recovery/session_table.h"
#include "common/wire/wire.h"
#include "oss/core/commit_on_share.h"
#include "oss/core/committer.h"
#include "oss/core/fenced_sessions.h"
#include "oss/core/object_device.h"
#include "oss/core/object_table.h"
#include "oss/core/operation_counters.h"
#include "oss/core/page_store.h"
#include "oss/core/request_checks.h"
#include "oss/core/space_account.h"
#include "oss/core/writer_rows.h"

namespace nacre {

struct ObjectServerOptions {
  std::string fsid;         // 16 bytes
  uint32_t ost_index = 0;
  uint64_t boot_count = 0;  // higher than in any earlier life
  uint64_t capacity_bytes = 0;  // 0: what the filesystem has
  CommitterOptions commit;
  ObjectCacheLimits cache;
  Duration session_silence_max = std::chrono::minutes(10);  // a session not heard for so long is closed
  Duration recovery_window = std::chrono::seconds(30);       // how long a restarted server waits for replays
  uint64_t tombstone_seconds = 3600;
  Duration housekeeping_interval = std::chrono::seconds(15);
  // What an operator should hear of, though the server goes on: for the log. Empty: nobody is told.
  std::function<void(const std::string&)> notice;
};

class ObjectServer final : public OssApi {
 public:
  struct Parts {
    Executor& io;  // its threads may block; outlives all timers
    Timers& timers;
    Clock& clock;
    KvStore& kv;  // opened with ObjectStoreFamilies()
    ObjectDevice& device;
    FatalHandler fatal;  // empty: the process ends with a message
    Executor* relief = nullptr;  // Strand's
  };
  ObjectServer(Parts parts, ObjectServerOptions options);

  // Checks that the store is this target's. Once, before any request. Files that an earlier life left without rows are
  // removed in the background.
  // kInvalid: another target's, or one whose boot count went back. kIntegrity: objects without the store that maps them.
  // fences: what MDT0000 says now: who missed it while this target was down must not replay here.
  Task<Status> Start(SessionFences fences = {});
  // Ok: what these sessions wrote is stable, and nothing more of them is taken, by any life.
  Task<Status> Fence(SessionFences told);
  // Who waits for the recovery window is sent away; no new work is taken any more if the window was open.
  Task<void> BeginStop();
  // Commits everything and ends the background work. Once, after the last request was answered.
  Task<void> Stop();

  Task<Result<v1::OssConnectReply>> Connect(v1::OssConnectRequest request) override;
  Task<Result<v1::OssEndReplayReply>> EndReplay(v1::OssEndReplayRequest request) override;
  Task<Result<v1::OssDisconnectReply>> Disconnect(v1::OssDisconnectRequest request) override;
  Task<Result<v1::WriteReply>> Write(v1::WriteHeader header, CipherRunPtr run) override;
  Task<Result<ObjectPages>> Read(v1::ReadRequest request) override;
  Task<Result<v1::SetSizeReply>> SetSize(v1::SetSizeRequest request) override;
  Task<Result<v1::PunchReply>> Punch(v1::PunchRequest request) override;
  Task<Result<v1::GlimpseReply>> Glimpse(v1::GlimpseRequest request) override;
  Task<Result<v1::DestroyReply>> Destroy(v1::DestroyRequest request) override;
  Task<Result<v1::ListObjectsReply>> ListObjects(v1::ListObjectsRequest request) override;
  Task<Result<v1::CommitReply>> Commit(v1::CommitRequest request) override;
  Task<Result<v1::OssPingReply>> Ping(v1::OssPingRequest request) override;

 private:
  using SlotKey = std::pair<uint64_t, uint32_t>;  // session, slot
  struct Done {  // what an order did: to be stable before it is answered
    Transno transno = 0;
    uint64_t allocated_bytes = 0;
  };

  // Counts and times a call; the task ends on the strand.
  template <typename Reply>
  Task<Result<Reply>> Counted(OssOperation operation, Task<Result<Reply>> task);

  Task<Result<v1::OssConnectReply>> DoConnect(v1::OssConnectRequest request);
  Task<Result<v1::OssEndReplayReply>> DoEndReplay(v1::OssEndReplayRequest request);
  Task<Result<v1::OssDisconnectReply>> DoDisconnect(v1::OssDisconnectRequest request);
  Task<Result<v1::WriteReply>> DoWrite(v1::WriteHeader request, CipherRunPtr run);
  Task<Result<ObjectPages>> DoRead(v1::ReadRequest request);
  Task<Result<v1::SetSizeReply>> DoSetSize(v1::SetSizeRequest request);
  Task<Result<v1::PunchReply>> DoPunch(v1::PunchRequest request);
  Task<Result<v1::GlimpseReply>> DoGlimpse(v1::GlimpseRequest request);
  Task<Result<v1::DestroyReply>> DoDestroy(v1::DestroyRequest request);
  Task<Result<v1::ListObjectsReply>> DoListObjects(v1::ListObjectsRequest request);
  Task<Result<v1::CommitReply>> DoCommit(v1::CommitRequest request);
  Task<Result<v1::OssPingReply>> DoPing(v1::OssPingRequest request);

  // Under the object's lock.
  Task<Result<v1::WriteReply>> WriteLocked(const ObjectUse& object, const v1::WriteHeader& request,
                                           const CheckedWrite& checked, const CipherRun& run);
  v1::WriteReply ApplyWrite(const ObjectUse& object, const v1::WriteHeader& request, PageWrite& pages, KnownSession& session);
  Task<Result<ObjectPages>> ReadLocked(const ObjectUse& object, const v1::ReadRequest& request);
  Task<Result<Done>> SetSizeLocked(const ObjectUse& object, const v1::SetSizeRequest& request, const CheckedSetSize& checked);
  Task<Result<Done>> PunchLocked(const ObjectUse& object, const v1::PunchRequest& request, const CheckedPunch& checked);
  Task<Status> PreparePunch(const ObjectUse& object, const v1::PunchRequest& request, const CheckedPunch& checked,
                            std::vector<PageWrite>& edges, PageDrop& drop);
  Task<Result<v1::GlimpseReply::Item>> GlimpseOne(ObjectId id, uint64_t raise_epoch);
  Task<Status> DestroyOne(ObjectId id);

  // Ok: what was taken under lower epochs is stable, and the object now refuses them. kStaleEpoch: epoch is a lower one.
  Task<Status> EnterEpoch(const ObjectUse& object, uint64_t epoch);
  // Like EnterEpoch, for orders, of which each is done once: true: this one was done already.
  Task<Result<bool>> EnterEpochOfOrder(const ObjectUse& object, uint64_t epoch);
  Task<Status> CheckCondition(const ObjectUse& object, uint64_t page, const PageCondition& condition);
  Status CheckEncryption(const Object& object, bool encrypted) const;
  void MakeExist(Object& object, uint64_t file_epoch);
  // After the pages of an order are prepared.
  Done FinishOrder(const ObjectUse& object, uint64_t file_epoch, int64_t mtime_ns, uint64_t bytes);
  // Prepares, and once more after a commit when the store was full: what was freed may not have been stable.
  Task<Status> PrepareLimited(Object& object, PageWrite& pages);

  Status AdmitClient(const v1::RequestHeader& header, ReplayRule replay = ReplayRule::kRefused);
  Status AdmitOrder(const v1::RequestHeader& header);  // session 0, the MDS, may too
  // Recovery (object_server_recovery.cc). New work of clients is refused while the window is open, orders wait for it.
  Status CheckRecovered() const;
  Task<Status> AdmitOrderAfterRecovery(const v1::RequestHeader& header);
  // A write that an earlier life answered: nullopt: it is to be done again.
  std::optional<Result<v1::WriteReply>> JudgeReplay(const v1::RequestHeader& header);
  void OpenRecoveryWindow(const RecoveryWindow::Awaited& writers);
  void EndRecoveryInTime();
  void CloseRecoveryWindow();
  void SayRecoveryIsOver(const std::string& how);
  // What others changed in sight is stable when this ends. The caller holds the object's lock.
  Task<void> CommitWhatIsShared(const Object& object, uint64_t session, Sight sight);

  // What this very request was answered before; nullopt: it is new.
  std::optional<Result<v1::WriteReply>> AnswerFromRecord(const v1::RequestHeader& header);
  // A copy of the request that arrives late is answered in the same way.
  void RememberRefusal(const v1::RequestHeader& header, const Status& why);
  void FillHeader(v1::ReplyHeader& reply, Transno transno);

  Task<Status> CheckIdentity();
  Status CheckStoreIdentity(std::string_view row) const;
  Task<Status> CheckDeviceIsEmpty();
  struct Census {
    uint64_t objects = 0;
    uint64_t pages = 0;
  };
  Result<Census> CountObjects();
  // Before an object that may not be there yet is changed, under its lock.
  Task<Status> LoadToChange(const ObjectUse& object);
  Task<void> RemoveLeftovers();
  Task<void> RemoveIfLeft(ObjectId id);
  Status LoadReplies();

  void Housekeep();
  void CloseSilentSessions();
  void ForgetIdleWriters();
  void ForgetSession(uint64_t session);
  Status LoadFences();
  std::set<uint64_t> SessionsThatAreOver() const;
  Task<Status> FenceBeforeStart(const SessionFences& told, RecoveryWindow::Awaited* writers);
  Task<void> PurgeTombstones();
  struct TombstoneScan {
    std::vector<std::string> expired;
    size_t looked_at = 0;
    std::string next;  // the key to go on from; empty: there is none
  };
  Result<TombstoneScan> ScanTombstones(std::string_view from, uint64_t expired_before) const;

  const ObjectServerOptions options_;
  Clock& clock_;
  Executor& io_;
  KvStore& kv_;
  ObjectDevice& device_;
  const std::shared_ptr<Strand> strand_;

  SpaceAccount space_;
  ObjectTable table_;
  PageStore pages_;
  Committer committer_;
  StrandTimer timer_;
  TaskGroup background_;
  bool purging_ = false;
  std::string purge_from_;  // where the next round of purging begins

  SessionTable sessions_;
  ReplyTable replies_;
  WriterRows writers_;
  FencedSessions fenced_;
  Transno last_fence_ = 0;
  RecoveryWindow window_;
  bool stopping_ = false;
  bool may_have_leftovers_ = true;  // files that no row knows: RemoveLeftovers is not through, or could not see all
  bool stopped_in_recovery_ = false;
  uint64_t replayed_ = 0;
  MonotonicTime last_replay_;
  uint64_t replays_refused_ = 0;
  uint64_t clients_missed_ = 0;
  std::set<uint64_t> unclaimed_sessions_;  // of earlier lives, with reply records, not connected again yet
  MonotonicTime started_;
  LockTable<SlotKey> slot_locks_;     // taken before an object's lock
  LockTable<ObjectId> object_locks_;  // one at a time
  uint64_t object_count_ = 0;
  OperationCounters counters_;
};

}  // namespace nacre
