// Uncommitted: the writes that one OST has answered but not yet made stable for this client: each request as it was first
// sent, with its ciphertext, in the order in which they were done. Learns from answers what is stable. After a restart of
// the OST they are sent again from here, byte for byte (promises P2, P5); what cannot be done again is told to the file
// concerned, which says so at its next write, sync or close.
//
// Pure bookkeeping behind a mutex; any thread. Knows no server and sends nothing.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "client/core/async_semaphore.h"
#include "common/base/status.h"
#include "common/fs/cipher_run.h"
#include "common/recovery/transno.h"
#include "oss.pb.h"

namespace nacre {

// How the writes of one open file fared after they were answered. Any thread.
class WriteFate {
 public:
  void Lose(const Status& why);
  Status status() const;  // the first loss, or Ok

 private:
  mutable std::mutex mutex_;  // guards lost_
  Status lost_;
};

class Uncommitted {
 public:
  struct Entry {
    v1::WriteHeader request;
    CipherRunPtr run;
    AsyncSemaphore::Units memory;
    std::shared_ptr<WriteFate> fate;
    Transno first_transno = 0;  // of the first answer: the order in which they were done, and are done again
    Transno transno = 0;        // of the newest answer: in which life of the server it is there
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // A write was answered with this header, and is kept while it is not stable. False: the answer is of an earlier life of
  // the server, which is over: it counts for nothing, the request is to be sent again.
  bool Add(const EntryPtr& entry, const v1::ReplyHeader& header);
  // Any answer of the server. False: the server has restarted since this client connected to it.
  bool Heard(const v1::ReplyHeader& header);
  // A Commit that was sent after everything up to transno had been answered succeeded.
  void StableUpTo(Transno transno);

  // The client has connected to this life of the server.
  void EnterLife(uint64_t boot_count);
  // The first one that an earlier life answered; null: there is none.
  EntryPtr NextToReplay() const;
  void Replayed(const EntryPtr& entry, const v1::ReplyHeader& header);
  // It could not be made stable: its file is told why.
  void Lose(const EntryPtr& entry, const Status& why);
  void LoseAll(const Status& why);

  // What was lost since the last call; Ok if nothing. For who answers for the whole client, not for one file.
  Status TakeLoss();

  bool empty() const;
  Transno newest() const;  // of the newest answer; 0: none

 private:
  using Entries = std::map<Transno, EntryPtr>;  // by first_transno
  // Those of this life up to transno. The caller lets them go outside the lock.
  Entries TakeStableLocked(Transno transno);

  mutable std::mutex mutex_;  // guards all below
  uint64_t boot_count_ = 0;
  Transno stable_ = 0;  // of this life
  Entries entries_;
  Transno replay_from_ = 0;  // first_transno; all before it are of this life
  Status loss_;
};

}  // namespace nacre
