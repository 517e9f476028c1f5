// Destroyer has the objects of unlinked files destroyed: rows of family unlinked, one an object, written in the change
// that frees it. Per OST one request at a time, never before that change is stable; a row goes when the OST has answered
// (it committed). An OST that does not answer is asked again later, at growing intervals. One strand.
#pragma once

#include <cstdint>
#include <map>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/task.h"

namespace nacre {

struct Core;

class Destroyer {
 public:
  explicit Destroyer(Core& core) : core_(core) {}

  Status Load();               // at start: what is left over
  void Freed(uint32_t ost);    // a row is being written
  void Kick();                 // begins what is due; also called every tick
  uint64_t objects_left() const;

 private:
  struct Work {
    uint64_t left = 0;
    bool busy = false;
    MonotonicTime not_before;
    Duration pause{0};
  };
  Task<void> Run(uint32_t ost);
  Task<Result<size_t>> DestroySome(uint32_t ost);

  Core& core_;
  std::map<uint32_t, Work> work_;
};

}  // namespace nacre
