// MemoryDevice: an ObjectDevice in memory, for tests and the simulator, that can do what disks do to those who trust them:
// fail, fill up, rot, and after a crash hold any mix of what was not synced, torn pages included.
//
// Any thread. With an executor given in, every call first hops onto it: each is a point where a test may crash the world.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/executor.h"
#include "common/base/random.h"
#include "oss/core/object_device.h"

namespace nacre {

class MemoryDevice final : public ObjectDevice {
 public:
  explicit MemoryDevice(Executor* executor = nullptr) : executor_(executor) {}

  Task<Status> Write(const ObjectId& id, const std::vector<SlotSpan>& spans, const std::vector<ByteView>& pieces) override;
  Task<Status> Read(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) override;
  bool ReadCached(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) override;
  Task<Status> Sync() override;
  Task<Status> Punch(const ObjectId& id, const std::vector<SlotSpan>& spans) override;
  Task<Status> Remove(const ObjectId& id) override;
  Task<Result<std::vector<ObjectId>>> List(uint32_t part) override;
  Result<Space> GetSpace() override;

  // What another process would find if this one's machine lost power now. Of what was not synced each page is as it was,
  // as it is, or torn in between; files made are there or not; removals and punches are done or not.
  std::unique_ptr<MemoryDevice> CrashedCopy(Random& random, Executor* executor = nullptr) const;

  // The next call of the kind fails, once. A write that fails leaves the half of its pages.
  void FailNextWrite(Status error);
  void FailNextRead(Status error);
  void FailNextSync(Status error);
  void FailNoSync();
  void FailNoRead();
  void LimitBytes(uint64_t bytes);              // kNoSpace beyond; what fits was written
  bool FlipBit(const ObjectId& id, uint32_t slot);  // false: nothing lies there
  bool FlipAnyBit(Random& random);  // in a page drawn by random
  bool Has(const ObjectId& id) const;
  uint64_t StoredPages() const;

 private:
  using PageData = std::shared_ptr<const std::string>;  // null: nothing there
  struct Slot {
    PageData now;
    PageData synced;  // what a crash may bring back
    bool unsynced = false;
  };
  struct File {
    std::map<uint32_t, Slot> slots;
    bool synced = false;
    bool clean = false;  // nothing in it is unsynced
  };
  Task<void> Enter();
  void ReadLocked(const ObjectId& id, const std::vector<SlotSpan>& spans, MutableBytes out) const;
  void PutLocked(File& file, uint32_t number, PageData data);
  // Returns how many pages it wrote.
  size_t WriteLocked(const ObjectId& id, const std::vector<SlotSpan>& spans, const std::string& bytes, size_t pages_max);
  static void FlipLocked(Slot& slot, size_t bit);
  static File CrashedFile(const File& file, Random& random);

  Executor* const executor_;
  mutable std::mutex mutex_;  // guards all below
  std::map<ObjectId, File> files_;
  std::map<ObjectId, File> removed_;  // since the last Sync
  std::optional<Status> fail_write_;
  std::optional<Status> fail_read_;
  std::optional<Status> fail_sync_;
  uint64_t stored_pages_ = 0;
  bool cached_ = false;  // turns at every ReadCached, so that both ways are gone
  uint64_t bytes_max_ = uint64_t{1} << 50;
};

}  // namespace nacre
