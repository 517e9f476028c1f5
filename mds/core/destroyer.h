// Destroyer has the objects of unlinked files destroyed: rows of family unlinked, one an object, written in the change
// that frees it. Per OST one request at a time, of many objects, never before that change is stable; a row goes when the
// OST has answered (it committed). An OST that does not answer is asked again later, at growing intervals. One strand.
//
// The next objects are remembered, the rest is looked for in the store: a look walks over the marks of all rows deleted
// since the store last cleaned up, so there is one for thousands of objects.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/layout/layout.h"

namespace nacre {

struct Core;

class Destroyer {
 public:
  explicit Destroyer(Core& core) : core_(core) {}

  Status Load();                                       // at start: what is left over
  void Freed(uint32_t ost, const ObjectId& object);    // its row was written
  void Kick();                                         // begins what is due; also called every tick
  uint64_t objects_left() const;

 private:
  struct Work {
    uint64_t left = 0;             // rows
    std::deque<ObjectId> next;     // of some of them
    bool more_in_store = false;    // there are rows that are not in next
    bool busy = false;
    MonotonicTime not_before;
    Duration pause{0};
  };
  Task<void> Run(uint32_t ost);
  Task<Status> DestroySome(uint32_t ost, Work& work);
  Status LookForMore(uint32_t ost, Work& work);

  Core& core_;
  std::map<uint32_t, Work> work_;
};

}  // namespace nacre
