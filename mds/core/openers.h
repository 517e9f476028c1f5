// Openers: who has which file open, in memory: after a restart clients open theirs again. An opener is (session, handle),
// the handle is the xid of its Open. Pure; one strand.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/fs/fid.h"

namespace nacre {

constexpr size_t kOpenersPerSessionMax = 65536;

struct Opener {
  uint64_t session = 0;
  uint64_t handle = 0;
  friend auto operator<=>(const Opener&, const Opener&) = default;
};

class Openers {
 public:
  // size_known: the size was exact until now, so what this writer reports can be the whole truth.
  Status Add(const Fid& fid, const Opener& opener, bool write, bool size_known);

  struct Closed {
    bool found = false;
    bool wrote = false;         // it had the file open for writing,
    bool last_writer = false;   // and nobody has any more,
    bool only_writer = false;   // and nobody else had since the size was exact
    bool last_opener = false;
    bool file_goes = false;     // with this close: it has no name (files.h)
  };
  Closed Remove(const Fid& fid, const Opener& opener);
  // Somebody else changed the size (truncate): what one writer reports is the whole truth no more.
  void DistrustReports(const Fid& fid);
  std::vector<std::pair<Fid, uint64_t>> OfSession(uint64_t session) const;

  bool Has(const Fid& fid, const Opener& opener) const;
  std::vector<Fid> Files() const;
  void Forget(const Fid& fid);  // it is not there: nobody has it open
  bool IsOpen(const Fid& fid) const { return files_.contains(fid); }
  bool HasWriter(const Fid& fid) const;
  bool IsOpenByOthers(const Fid& fid, const Opener& than) const;
  bool MayWrite(const Fid& fid, uint64_t session) const;  // that session has it open for writing
  // Moves with every open for writing of the file (and of some others): equal before and after means nobody came.
  uint64_t WriteOpens(const Fid& fid) const { return write_opens_[FidHash()(fid) % write_opens_.size()]; }
  size_t size() const { return files_.size(); }

 private:
  struct File {
    std::map<Opener, bool> openers;  // true: for writing
    size_t writers = 0;
    bool one_writer_only = true;     // since the size was exact
  };
  std::map<Fid, File> files_;
  std::map<uint64_t, std::set<std::pair<Fid, uint64_t>>> by_session_;
  std::array<uint64_t, 1024> write_opens_{};
};

}  // namespace nacre
