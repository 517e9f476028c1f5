// Ost: one object storage target as this client sees it: its session there, opened when first used, and what it has not
// committed yet. OstTable makes them. Any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "client/core/buffer_budget.h"
#include "client/core/peer.h"
#include "client/core/replay_log.h"
#include "client/core/session.h"
#include "client/core/write_fate.h"
#include "common/api/oss_api.h"

namespace nacre {

class Ost final : public Peer, public std::enable_shared_from_this<Ost> {
 public:
  Ost(const Environment& environment, std::shared_ptr<Session> session, BufferBudget& budget, uint32_t index);

  uint32_t index() const { return index_; }

  // session: in which the file was opened. memory: what the budget gave for this run. An answered write counts as
  // uncommitted until the OST says otherwise.
  Task<Result<v1::WriteReply>> Write(uint64_t session, v1::WriteHeader header, CipherRunPtr run,
                                     AsyncSemaphore::Units memory, std::shared_ptr<WriteFate> fate);
  Task<Result<ObjectPages>> Read(v1::ReadRequest request);
  // Everything answered so far is stable. Several callers share one request where they can.
  Task<Status> Commit();
  bool has_uncommitted() const { return !uncommitted_.empty(); }
  Status TakeLoss() { return uncommitted_.TakeLoss(); }
  // Ends the session here, if there is one. Everything was committed before. If the server does not answer and this client
  // wrote there, it tries again until patience is over: else a restarted server waits for its replays as long as it can.
  Task<Status> Disconnect(MonotonicTime patience);
  Task<Result<v1::OssPingReply>> Ping(bool with_operations);

  std::string Name() const override;
  Task<Result<uint64_t>> EnsureSession() override;
  void SessionLost(uint64_t number) override;
  uint64_t Life() const override;
  void Unreachable() override;
  void Heard(const v1::ReplyHeader& header) override;
  v1::RequestHeader NewHeader(uint64_t session) override { return session_->NewHeader(session); }

 private:
  std::shared_ptr<OssApi> api() const;
  Task<Status> FindServer();
  Task<Result<v1::CommitReply>> SendCommit();
  Task<Status> EnsureConnected(uint64_t session);
  Task<Status> Connect(uint64_t session);
  Task<Status> EndReplay(uint64_t session, uint64_t boot_count, int64_t deadline_ms);
  class Written;  // a write that was answered
  static Task<ReplayLog::Answers> ReplayOne(std::vector<ReplayLog::EntryPtr> next, uint64_t boot_count);
  // While something is not committed, the server is asked now and then: for what is, and whether it has restarted, because
  // it does not wait for ever for replays.
  void ArmQuestion();
  Task<void> AskWhatIsStable(std::shared_ptr<Ost> self);

  const std::shared_ptr<Session> session_;
  BufferBudget& budget_;
  const uint32_t index_;
  ReplayLog uncommitted_;
  AsyncSemaphore connecting_;  // one at a time
  SharedFailure connect_failure_;
  AsyncSemaphore committing_;  // one at a time
  TaskGroup questions_;
  std::atomic<bool> ended_{false};

  mutable std::mutex mutex_;  // guards all below
  std::shared_ptr<OssApi> api_;
  std::string address_;
  uint64_t connected_session_ = 0;  // the session number known there
  uint64_t life_ = 0;               // of the server, as of the last time we were connected
  bool wrote_ = false;              // so the server may know us as a writer
  bool question_armed_ = false;
  bool address_doubtful_ = false;   // the last attempt to connect failed: it may have moved
};

// The OSTs this client has met. Any thread.
class OstTable {
 public:
  OstTable(const Environment& environment, std::shared_ptr<Session> session, BufferBudget& budget);

  std::shared_ptr<Ost> Get(uint32_t index);
  std::vector<std::shared_ptr<Ost>> All() const;
  // Everything this client wrote is stable; the first error otherwise.
  Task<Status> CommitAll();
  // Starts commits where something is uncommitted and none is under way.
  void StartCommits();
  Task<void> Quiet() { return background_.Drained(); }

 private:
  Task<void> CommitInBackground(std::shared_ptr<Ost> ost);

  const Environment& environment_;
  const std::shared_ptr<Session> session_;
  BufferBudget& budget_;
  TaskGroup background_;
  mutable std::mutex mutex_;  // guards all below
  std::map<uint32_t, std::shared_ptr<Ost>> osts_;
  std::map<uint32_t, bool> commit_runs_;
};

}  // namespace nacre
