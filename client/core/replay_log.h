// ReplayLog: the changes that one server has answered but not yet made stable for this client: each request as it was first
// sent, with its ciphertext, in the order in which they were done. Learns from answers what is stable. After a restart of
// the server they are sent again from here, byte for byte (promises P2, P5); what cannot be done again is lost, and said.
//
// Bookkeeping behind a mutex; any thread. Knows no server: who keeps it sends the entries.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/base/task.h"
#include "common/recovery/transno.h"
#include "header.pb.h"

namespace nacre {

class ReplayLog {
 public:
  class Entry {
   public:
    virtual ~Entry() = default;
    virtual void Stable() {}
    virtual void Lost(const Status&) {}

   protected:
    Transno transno() const { return transno_; }  // of the newest answer

   private:
    friend class ReplayLog;
    Transno first_transno_ = 0;  // of the first answer: the order in which they were done, and are done again
    Transno transno_ = 0;        // of the newest answer: in which life of the server it is there
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // A change was answered with this header, and is kept while it is not stable. False: the answer is of an earlier life of
  // the server, which is over: it counts for nothing, the request is to be sent again.
  bool Add(const EntryPtr& entry, const v1::ReplyHeader& header);
  // Any answer of the server. False: the server has restarted since this client connected to it.
  bool Heard(const v1::ReplyHeader& header);
  // A Commit that was sent after everything up to transno had been answered succeeded.
  void StableUpTo(Transno transno);

  // The client has connected to this life of the server.
  void EnterLife(uint64_t boot_count);
  // Sends the first of these once more, or several of them in their order, marked as replays of their transno(), for this
  // life of the server and no other. The headers of the answers, at least one.
  using Answers = std::vector<Result<v1::ReplyHeader>>;
  using ReplaySome = std::function<Task<Answers>(std::vector<EntryPtr> next, uint64_t boot_count)>;
  // Sends again what earlier lives answered, in order. kUnavailable: the server is gone again; connect, and go on. What it
  // refuses is lost. server: for messages.
  Task<Status> ReplayAll(std::string server, ReplaySome replay);
  void LoseAll(const Status& why);
  // What lives of the server before this one answered, and no replay has brought into it.
  void LoseOlderThan(uint64_t boot_count, const Status& why);

  // What was lost since the last call; Ok if nothing. For who answers for the whole client, not for one file.
  Status TakeLoss();

  size_t size() const;
  bool empty() const { return size() == 0; }
  Transno newest() const;  // of the newest answer; 0: none

 private:
  using Entries = std::map<Transno, EntryPtr>;  // by first_transno
  std::vector<EntryPtr> NextToReplay() const;
  uint64_t boot_count() const;
  // False: the answer is of another life than this client has connected to.
  bool Replayed(const EntryPtr& entry, const v1::ReplyHeader& header);
  void Lose(const EntryPtr& entry, const Status& why);
  // Those of this life up to transno.
  Entries TakeStableLocked(Transno transno);
  static void TellStable(const Entries& stable);

  mutable std::mutex mutex_;  // guards all below
  uint64_t boot_count_ = 0;
  Transno stable_ = 0;  // of this life
  Entries entries_;
  Transno replay_from_ = 0;  // first_transno; all before it are of this life
  Status loss_;
};

// A server that restarts while a client connects has forgotten it again: to be tried once more.
inline Status UnavailableIfForgotten(const Status& status) {
  return status.code() == Code::kNotConnected ? Status(Code::kUnavailable, status.message()) : status;
}

}  // namespace nacre
