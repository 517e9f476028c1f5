// PageStore: the pages of objects: reads them with their checksums verified, stores new ones where nothing committed lies,
// drops them. Knows no requests, sessions or epochs. One strand; the caller holds the object's lock (shared to read,
// exclusive to change) and an ObjectUse; data moves on the io executor.
//
// A change has two halves: Prepare... may wait and may fail, and leaves the object as it was; Apply... is done at one
// moment on the strand and cannot fail. What was prepared is applied or abandoned.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/page_buffer.h"
#include "common/fs/cipher_run.h"
#include "oss/core/object_device.h"
#include "oss/core/object_table.h"
#include "oss/core/space_account.h"

namespace nacre {

constexpr uint64_t kObjectPagesMax = uint64_t{1} << 48;  // page numbers below
constexpr uint32_t kRequestPagesMax = 1024;              // 4 MiB in one request

using PageDigest = std::array<uint8_t, 16>;  // the first bytes of SHA-256 over ciphertext and meta

// Pages on their way in. pieces: first_page and those behind it, in order; their memory outlives this.
struct PageWrite {
  uint64_t first_page = 0;
  uint32_t page_count = 0;
  std::vector<ByteView> pieces;
  // Prepare's:
  std::vector<SlotSpan> spans;
  std::vector<uint32_t> crcs;
  ChunkPins pins;
};

// Pages [first_page, end_page) on their way out.
struct PageDrop {
  uint64_t first_page = 0;
  uint64_t end_page = 0;
  // Prepare's:
  ObjectTable::StoredSpans unseen;
  ChunkPins pins;
};

struct PagesRead {
  CipherRunPtr run;             // the stored ones, null when none
  std::vector<Interval> holes;  // page numbers
};

class PageStore {
 public:
  PageStore(Executor& strand, Executor& io, ObjectDevice& device, ObjectTable& table, SpaceAccount& space);

  // kIntegrity: a checksum does not match; the message names object and page.
  Task<Result<PagesRead>> Read(Object& object, uint64_t first_page, uint32_t page_count);
  // nullopt: a hole.
  Task<Result<std::optional<PageDigest>>> Digest(Object& object, uint64_t page);

  // limited: kNoSpace when the store is full (orders of the MDS, which make room, are not limited).
  Task<Status> PrepareWrite(Object& object, PageWrite& write, bool limited);
  void ApplyWrite(Object& object, PageWrite& write, Transno transno);
  // Gives its blocks back to the device too.
  Task<void> AbandonWrite(Object& object, PageWrite& write);

  Task<Status> PrepareDrop(Object& object, PageDrop& drop);
  void ApplyDrop(Object& object, PageDrop& drop);

  uint64_t checksum_errors() const { return checksum_errors_; }

 private:
  struct ReadPlan;
  Task<Status> ReadPlanned(const Object& object, const ReadPlan& plan, MutableBytes out);
  void Release(Object& object, Chunk::Replaced replaced);
  std::shared_ptr<MutableBytes> TakeBuffer(size_t bytes);

  Executor& strand_;
  Executor& io_;
  ObjectDevice& device_;
  ObjectTable& table_;
  SpaceAccount& space_;
  std::vector<std::shared_ptr<PageBufferPool>> pools_;  // ascending sizes
  uint64_t checksum_errors_ = 0;
};

}  // namespace nacre
