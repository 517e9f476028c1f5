// Uncommitted: what one OST has answered but not yet made stable for this client, in transno order, with its ciphertext
// (recovery will replay it from here). Learns from replies what is stable. When the OST shows a new boot count, what was
// not stable is gone: each file concerned is told, and says so at its next write, sync or close.
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
#include "header.pb.h"

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
    CipherRunPtr run;
    AsyncSemaphore::Units memory;
    std::shared_ptr<WriteFate> fate;
  };

  // A write was answered with this header.
  void Add(const v1::ReplyHeader& header, Entry entry);
  // Any answer of the server.
  void Heard(const v1::ReplyHeader& header);
  // A Commit that was sent after everything up to transno had been answered succeeded.
  void StableUpTo(Transno transno);
  // The server could not make it stable: the files are told why.
  void LoseAll(const Status& why);

  // What was lost since the last call; Ok if nothing. For who answers for the whole client, not for one file.
  Status TakeLoss();

  bool empty() const;
  Transno newest() const;

 private:
  using Entries = std::multimap<Transno, Entry>;
  Entries TakeUpToLocked(Transno transno);

  mutable std::mutex mutex_;  // guards all below
  uint64_t boot_count_ = 0;
  Transno stable_ = 0;
  Entries entries_;
  Status loss_;
};

}  // namespace nacre
