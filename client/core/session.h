// Session: this client's life at the metadata server: connect, heartbeat, FIDs to name new inodes with, the cluster map.
//
// Any thread; shared, because a heartbeat may be under way. A restarted server is told what is open, and the session goes
// on. When the server forgot the session (it heard nothing for too long), the next request opens a new one; files opened in
// the old one answer kFenced (number() tells).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "client/core/change_entry.h"
#include "client/core/open_handles.h"
#include "client/core/peer.h"
#include "client/core/replay_log.h"
#include "client/core/shared_failure.h"
#include "common/api/mds_api.h"
#include "common/base/check.h"
#include "common/fs/fid.h"

namespace nacre {

class Session final : public Peer, public ChangeSender, public std::enable_shared_from_this<Session> {
 public:
  explicit Session(const Environment& environment);

  Task<Status> Start();
  // Tells the server, until patience is over: if it is restarting it would wait for this session. Nothing may be under way
  // but heartbeats.
  Task<Status> End(MonotonicTime patience);

  // One request to the metadata server; see Exchange(). A change is kept for replay until it is stable.
  template <typename Request, typename Reply>
  Task<Result<Reply>> Call(Task<Result<Reply>> (MdsApi::*method)(Request), std::type_identity_t<Request> request,
                           CallKind kind, CallTrace* trace = nullptr) {
    if constexpr (IsReplayable<Request>) {
      if (kind == CallKind::kChange) return Change(method, std::move(request), trace);
    }
    NACRE_CHECK(kind != CallKind::kChange, "a change that cannot be replayed");
    MdsApi* mds = environment_.mds.get();
    auto send = [mds, method, request = std::move(request)](const v1::RequestHeader& header) {
      Request copy = request;
      *copy.mutable_header() = header;
      return (mds->*method)(std::move(copy));
    };
    return Exchange<Reply>(this, kind, std::move(send), trace);
  }

  // Every change that was answered is stable at the metadata server.
  Task<Status> Commit();

  Task<Result<Fid>> NextFid();
  // Where OST number index is; asks the server when the map does not know, or when `refresh` says it may be old.
  Task<Result<std::string>> OstAddress(uint32_t index, bool refresh);
  v1::ClusterMap Map() const;

  uint64_t number() const { return number_.load(); }
  // An Open that nobody will close.
  void Forget(uint64_t open_xid) { handles_.Closed(open_xid); }
  // A Close is stable.
  void Closed(uint64_t open_xid) override { handles_.Closed(open_xid); }
  std::string fsid() const;
  v1::Inode root() const;
  void SetRoot(const v1::Inode& root);  // somebody looked at it again
  // For requests to OSTs, which share the session and the numbering.
  v1::RequestHeader NewHeader(uint64_t session) override;
  // Of a request that was sent with this header and answered with that transno.
  v1::RequestHeader ReplayHeader(v1::RequestHeader sent, Transno transno, uint64_t boot_count) const override;

  std::string Name() const override;
  Task<Result<uint64_t>> EnsureSession() override;
  void SessionLost(uint64_t number) override;
  uint64_t Life() const override { return life_; }
  void Heard(const v1::ReplyHeader& header) override;

 private:
  template <typename Request, typename Reply>
  Task<Result<Reply>> Change(Task<Result<Reply>> (MdsApi::*method)(Request), Request request, CallTrace* trace) {
    const auto entry = std::make_shared<ChangeEntry<Request, Reply>>(*this, *environment_.mds, method, std::move(request));
    auto send = [entry](const v1::RequestHeader& header) { return entry->Send(header); };
    Keep<Reply> keep = [this, entry](const v1::RequestHeader& header, const Reply& reply) {
      entry->Answered(header, reply);
      return Took(entry->request(), header, reply) && changes_.Add(entry, reply.header());
    };
    Result<Reply> reply = co_await Exchange<Reply>(this, CallKind::kChange, std::move(send), trace, std::move(keep));
    if (changes_.size() >= kChangesMax) {
      const Status committed = co_await CommitChanges();  // a failure shows itself to who asks for a commit
      static_cast<void>(committed);
    }
    co_return reply;
  }
  // What an answer means for what is open. False: see Keep.
  bool Took(const v1::OpenRequest& request, const v1::RequestHeader& header, const v1::OpenReply& reply);
  template <typename Request, typename Reply>
  bool Took(const Request&, const v1::RequestHeader&, const Reply&) {
    return true;
  }
  Task<Status> CommitChanges();
  Task<Status> ConnectOnce();
  Task<Status> EndReplay(uint64_t boot_count, int64_t deadline_ms);
  Task<ReplayLog::Answers> ReplaySome(std::vector<ReplayLog::EntryPtr> next, uint64_t boot_count);
  Task<Status> Reopen(std::vector<OpenHandles::Handle> handles, uint64_t boot_count);
  void ArmHeartbeat(bool missed);
  Task<void> Beat(std::shared_ptr<Session> self);
  Task<Status> RefreshMap();

  const std::string client_id_;  // 16 bytes
  static constexpr size_t kChangesMax = 16384;  // kept for replay; a commit is asked for then

  std::atomic<uint64_t> number_{0};  // 0: none yet
  std::atomic<bool> connected_{false};
  std::atomic<uint64_t> life_{0};  // of the server, as of the last time we were connected
  OpenHandles handles_;
  ReplayLog changes_;
  uint64_t reopened_in_ = 0;  // the server's life; by who connects
  std::atomic<uint64_t> last_xid_{0};
  std::atomic<uint64_t> mdt_epoch_{0};
  std::atomic<bool> ended_{false};
  AsyncSemaphore connecting_;  // one at a time
  SharedFailure connect_failure_;
  AsyncSemaphore granting_;    // one at a time
  TaskGroup beats_;

  mutable std::mutex mutex_;  // guards all below
  std::string fsid_;
  v1::Inode root_;
  v1::ClusterMap map_;
  Duration heartbeat_every_{};
  bool heartbeat_armed_ = false;
  Fid next_fid_;
  uint32_t fids_left_ = 0;
};

}  // namespace nacre
