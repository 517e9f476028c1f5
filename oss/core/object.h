// Object: what the server holds in memory of one object. Plain state; object_table.h loads and drops it, page_store.h and
// object_server.h change it (under the object's lock), committer.h writes it out. One strand.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "common/layout/layout.h"
#include "oss/core/chunk.h"
#include "oss/core/interval_set.h"
#include "oss/core/rows.h"
#include "oss/core/slot_map.h"

namespace nacre {

struct Object {
  explicit Object(const ObjectId& object_id) : id(object_id) {}
  const ObjectId id;

  bool loaded = false;     // exists, destroyed and row are known
  bool exists = false;     // has a row, or will with the next batch
  bool destroyed = false;  // a tombstone stands here
  uint64_t destroyed_at_wall_seconds = 0;
  ObjectRow row;

  std::map<uint64_t, Chunk> chunks;  // the loaded ones
  uint64_t chunks_stay_until = 0;    // none of them can be dropped before this batch is stable

  // Known only once scanned: a read needs neither.
  bool scanned = false;
  SlotMap slots;
  IntervalSet stored_chunks;  // those with a row, in the store or in a batch on its way there

  // What the next batch carries.
  bool dirty = false;
  std::set<uint64_t> dirty_chunks;
  IntervalSet deleted_chunks;          // rows to delete; a dirty chunk of the same number is put again
  std::vector<SlotSpan> pending_free;  // slots that the next batch stops referring to
  uint64_t batch = 0;                  // the newest batch that carried something of it
  Transno last_change = 0;
  Transno last_growth = 0;  // of a write that moved the object's end
  Transno last_order = 0;   // of the MDS

  int users = 0;  // requests (and punching) that count on it being here
  std::list<Object*>::iterator place_in_order{};
};
using ObjectPtr = std::shared_ptr<Object>;

}  // namespace nacre
