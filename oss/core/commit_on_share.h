// Commit on share (DESIGN §7): before a request reads, changes or relies on what another session changed, that change is
// made stable. So after a crash no client's replay depends on another's, and a client that never comes back takes nothing
// with it that anybody has seen. By page: clients that write different pages of one object never wait for each other.
// Pure; the caller holds the object's lock.
#pragma once

#include "common/recovery/authors.h"
#include "oss/core/object.h"

namespace nacre {

// What a request looks at.
struct Sight {
  uint64_t first_page = 0;
  uint64_t page_count = 0;
  bool size = false;  // where the object ends matters too
};

// The newest change in sight that is above `stable` and not by `session`; 0: there is none. Orders of the MDS change holes
// and size without a trace in the pages, so of those any is in sight.
Transno OthersChange(const Object& object, const Authors& authors, Transno stable, uint64_t session, const Sight& sight);

}  // namespace nacre
