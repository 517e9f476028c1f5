// SessionTable: who may ask a server for changes, and when each was last heard. Used by MDS and OSS alike. Pure: time is
// an argument. One strand. Does not persist anything: after a restart sessions are opened again by those whom the server
// awaits (recovery_window.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/recovery/transno.h"

namespace nacre {

struct KnownSession {
  std::string client_id;  // 16 bytes
  uint64_t number = 0;
  std::string client_name;
  MonotonicTime last_heard;
  Transno last_change = 0;  // newest write this session made; an OST keeps it
};

class SessionTable {
 public:
  // An open of a known session by the same client just refreshes it; by another client: kInvalid.
  Status Open(uint64_t number, std::string client_id, std::string client_name, MonotonicTime now);
  bool Close(uint64_t number) { return sessions_.erase(number) == 1; }

  // The session of a request, refreshed. kNotConnected: not known (a restart closed it, or it was silent too long);
  // kInvalid: known, but of another client.
  Result<KnownSession*> Admit(uint64_t number, const std::string& client_id, MonotonicTime now);

  std::vector<uint64_t> SilentSince(MonotonicTime limit) const;
  std::vector<uint64_t> Numbers() const;  // in order
  size_t size() const { return sessions_.size(); }
  KnownSession* Find(uint64_t number);
  uint64_t OfClient(const std::string& client_id) const;  // 0: it has none

 private:
  std::map<uint64_t, KnownSession> sessions_;
};

}  // namespace nacre
