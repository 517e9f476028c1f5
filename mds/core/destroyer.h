// Destroyer has the objects of unlinked files destroyed: rows of family unlinked, one an object, written in the change
// that frees it. Per OST one request at a time, of many objects, never before that change is stable; a row goes when the
// OST has answered (it committed). An OST that does not answer is asked again later, at growing intervals. One strand.
//
// An OST that answers, but refuses (it cannot read a row of one object), gets smaller requests until the object it means is
// alone in one; that one is told to the operator and set aside for some minutes, so that it holds up no other.
//
// The next objects are remembered, the rest is looked for in the store: a look walks over the marks of all rows deleted
// since the store last cleaned up, so there is one for thousands of objects.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>

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
    bool more_in_store = false;    // there are rows that are in neither next nor refused
    std::set<ObjectId> refused;    // set aside
    MonotonicTime refused_again;   // when they are tried again
    size_t refused_in_row = 0;     // since the OST last destroyed anything
    size_t request_max = 0;        // objects; set by what the OST takes
    bool busy = false;
    MonotonicTime not_before;
    Duration pause{0};
  };
  Task<void> Run(uint32_t ost);
  static bool IsDue(const Work& work, MonotonicTime now);
  static void TakeBackRefused(Work& work, MonotonicTime now);
  Task<Status> DestroySome(uint32_t ost, Work& work);
  Task<Status> Send(uint32_t ost, const Work& work, size_t count);
  Status Refused(uint32_t ost, Work& work, size_t count, const Status& refusal);
  Status LookForMore(uint32_t ost, Work& work);

  Core& core_;
  std::map<uint32_t, Work> work_;
};

}  // namespace nacre
