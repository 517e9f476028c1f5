// ObjectDevice: where the pages of objects lie, one file of page-sized slots per object. The seam under the store:
// oss/store has one on files and one in memory that crashes. Knows no checksums, no page numbers, no rows.
//
// Every call is made on an executor whose threads may block; it ends there too. Calls for different objects may run at
// the same time; for one object the caller lets nothing else run beside a Write, Punch or Remove.
// What an error left behind in the slots named is anything; all other slots are untouched.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/layout/layout.h"
#include "oss/core/slot_map.h"

namespace nacre {

constexpr uint32_t kDevicePartCount = 256;
// Which part of the device an object lies in; List works part by part, so that it needs little memory.
inline uint32_t DevicePartOf(const ObjectId& id) { return static_cast<uint32_t>(id.fid.seq & 0xff); }

class ObjectDevice {
 public:
  virtual ~ObjectDevice() = default;

  // The pages in pieces (of any size, together whole pages) go to the slots of spans, one behind the other. Makes the
  // object's file where there is none. The arguments outlive the task. kNoSpace: the device is full.
  virtual Task<Status> Write(const ObjectId& id, const std::vector<SlotSpan>& spans,
                             const std::vector<ByteView>& pieces) = 0;
  // Fills out from the slots of spans. What was never written reads as zeros.
  virtual Task<Status> Read(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) = 0;
  // Read, if all of it is in memory: at once, without waiting for a disk. False: it is not, and out may hold anything.
  virtual bool ReadCached(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) = 0;
  // Every Write that ended before is on stable storage, files that are new included. A failure is final: the caller ends
  // the process.
  virtual Task<Status> Sync() = 0;

  // Gives the blocks of these slots back. May come undone in a crash.
  virtual Task<Status> Punch(const ObjectId& id, const std::vector<SlotSpan>& spans) = 0;
  // Removes the object's file, if there is one. May come undone in a crash.
  virtual Task<Status> Remove(const ObjectId& id) = 0;
  virtual Task<Result<std::vector<ObjectId>>> List(uint32_t part) = 0;

  // Quick; any thread.
  struct Space {
    uint64_t total_bytes = 0;
    uint64_t free_bytes = 0;
  };
  virtual Result<Space> GetSpace() = 0;
};

}  // namespace nacre
