// Room: whether the disk below the store has room for more inodes, names and xattrs. Below a reserve only what takes some
// away, or changes what is there, is done: the log of those needs room too, and a store that cannot write its log ends the
// server. Pure; one strand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/status.h"
#include "common/base/units.h"

namespace nacre {

class Room {
 public:
  explicit Room(uint64_t reserve_bytes) : reserve_bytes_(reserve_bytes) {}

  // What is free now; nullopt: nobody can tell, it stays as it is. True: it has become full, or is not any more.
  bool Measure(std::optional<uint64_t> free_bytes) {
    if (!free_bytes) return false;
    // A quarter more ends it: else it would come and go with each table that is written.
    const bool full_now = *free_bytes < (full_ ? reserve_bytes_ + reserve_bytes_ / 4 : reserve_bytes_);
    const bool changed = full_now != full_;
    full_ = full_now;
    return changed;
  }
  bool full() const { return full_; }
  // Of what would make something new.
  Status Check() const {
    if (!full_) return Status::Ok();
    return Status(Code::kNoSpace, "less than " + std::to_string(reserve_bytes_ / kMiB) +
                                      " MiB are free on the disk of the metadata server: it makes nothing new until there is more");
  }

 private:
  const uint64_t reserve_bytes_;
  bool full_ = false;
};

}  // namespace nacre
