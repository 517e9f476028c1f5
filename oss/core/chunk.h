// Chunk: 256 consecutive pages of an object, what the store knows of each: place, checksum, version. One row of the store
// (a row per page would cost more CPU than the data). Pure value.
//
//   chunk row    := format u8 (1), meta_length u8 (0), run_count u16, run*, version_run_count u16, version_run*, crc32c*
//   run          := first u8, count-1 u8, slot u32           pages of the chunk that have a place, ascending
//   version_run  := count u16, version u64                   over those pages in order; version: transno of the change
//   crc32c       := u32                                      one for each of those pages in order
// All numbers big-endian.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/recovery/transno.h"
#include "oss/core/slot_map.h"

namespace nacre {

constexpr uint32_t kChunkPages = 256;

struct StoredPage {
  Transno version = 0;
  uint32_t slot = kNoSlot;  // kNoSlot: a hole
  uint32_t crc = 0;
  bool hole() const { return slot == kNoSlot; }
};

class Chunk {
 public:
  StoredPage Get(uint32_t index) const { return index < pages_.size() ? pages_[index] : StoredPage{}; }
  // The page now lies at page.slot, where no batch ever looked. Answers what was there before.
  struct Replaced {
    uint32_t slot = kNoSlot;
    bool fresh = false;  // no batch refers to it
  };
  Replaced Put(uint32_t index, StoredPage page);
  Replaced Clear(uint32_t index);

  uint32_t stored_count() const;
  size_t size() const { return pages_.size(); }  // no page at or above it is stored
  void MarkInBatch() { fresh_.reset(); }         // a batch refers to all of it from here on

  std::string Encode() const;
  static Result<Chunk> Decode(std::string_view row);  // kIntegrity: not what Encode writes

  // Bookkeeping of who holds it in memory (object_table.h, committer.h).
  bool dirty = false;
  int pins = 0;
  uint64_t batch = 0;  // the newest batch that holds it

 private:
  std::vector<StoredPage> pages_;  // as long as needed: small files have one page
  std::bitset<kChunkPages> fresh_;
};

}  // namespace nacre
