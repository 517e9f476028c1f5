#include "oss/core/page_store.h"

#include <algorithm>
#include <string>

#include "common/base/hash.h"
#include "common/base/planted_bug.h"
#include "oss/core/stored_runs.h"

namespace nacre {
namespace {

// What is in memory anyway is read, and its checksums verified, on the strand: two changes of thread cost more than that.
constexpr size_t kReadHereBytesMax = kMiB;

// Walks the pages that lie, one behind the other, in pieces of any size.
class PageWalker {
 public:
  explicit PageWalker(const std::vector<ByteView>& pieces) : pieces_(pieces) {}
  uint32_t NextCrc() {
    uint32_t crc = 0;
    for (size_t left = kPageBytes; left > 0;) {
      while (at_ == pieces_[index_].size()) {
        ++index_;
        at_ = 0;
      }
      const size_t part = std::min(left, pieces_[index_].size() - at_);
      crc = Crc32c(crc, pieces_[index_].subspan(at_, part));
      at_ += part;
      left -= part;
    }
    return crc;
  }

 private:
  const std::vector<ByteView>& pieces_;
  size_t index_ = 0;
  size_t at_ = 0;
};

struct ExpectedPage {
  uint64_t page;
  uint32_t crc;
};

}  // namespace

struct PageStore::ReadPlan {
  std::vector<SlotSpan> spans;
  std::vector<ExpectedPage> pages;
  std::vector<Interval> holes;

  void Add(const Object& object, uint64_t page) {
    const StoredPage stored = object.chunks.at(page / kChunkPages).Get(page % kChunkPages);
    if (stored.hole()) {
      if (!holes.empty() && holes.back().first + holes.back().count == page) {
        ++holes.back().count;
      } else {
        holes.push_back({page, 1});
      }
      return;
    }
    AppendSpan(spans, {stored.slot, 1});
    pages.push_back({page, stored.crc});
  }
};

PageStore::PageStore(Executor& strand, Executor& io, ObjectDevice& device, ObjectTable& table, SpaceAccount& space)
    : strand_(strand), io_(io), device_(device), table_(table), space_(space) {
  pools_.push_back(PageBufferPool::Create(64 * kKiB, 32));
  pools_.push_back(PageBufferPool::Create(256 * kKiB, 16));
  pools_.push_back(PageBufferPool::Create(kMiB, 16));
  pools_.push_back(PageBufferPool::Create(kRequestPagesMax * kPageBytes, 4));
}

std::shared_ptr<MutableBytes> PageStore::TakeBuffer(size_t bytes) {
  for (const auto& pool : pools_) {
    if (pool->buffer_bytes() >= bytes) return pool->Take();
  }
  NACRE_CHECK(false, "a request is at most kRequestPagesMax pages");
}

// Answers on the strand.
Task<Status> PageStore::ReadPlanned(const Object& object, const ReadPlan& plan, MutableBytes out) {
  Status status;
  const bool here = out.size() <= kReadHereBytesMax && device_.ReadCached(object.id, plan.spans, out);
  if (!here) {
    co_await Hop(io_);
    status = co_await device_.Read(object.id, plan.spans, out);
  }
  bool damaged = false;
  for (size_t i = 0; status.ok() && i < plan.pages.size(); ++i) {
    if (Crc32c(0, out.subspan(i * kPageBytes, kPageBytes)) == plan.pages[i].crc || Planted(PlantedBug::kChecksumUnchecked)) continue;
    damaged = true;
    status = Status(Code::kIntegrity, "object " + ToString(object.id) + " page " + std::to_string(plan.pages[i].page) +
                                          ": the checksum does not match what is on the disk");
  }
  if (!here) co_await Hop(strand_);
  if (damaged) ++checksum_errors_;
  co_return status;
}

Task<Result<PagesRead>> PageStore::Read(Object& object, uint64_t first_page, uint32_t page_count) {
  ReadPlan plan;
  {
    ChunkPins pins;
    const Status loaded = co_await table_.LoadChunks(object, first_page, page_count, pins);
    if (!loaded.ok()) co_return loaded;
    for (uint32_t i = 0; i < page_count; ++i) plan.Add(object, first_page + i);
  }
  PagesRead out;
  if (!plan.pages.empty()) {
    const size_t bytes = plan.pages.size() * kPageBytes;
    std::shared_ptr<MutableBytes> buffer = TakeBuffer(bytes);
    const MutableBytes whole = buffer->subspan(0, bytes);
    const Status status = co_await ReadPlanned(object, plan, whole);
    if (!status.ok()) co_return status;
    out.run = StoredRuns::Make(std::move(buffer), bytes, object.row.encryption == ObjectEncryption::kEncrypted);
  }
  out.holes = std::move(plan.holes);
  co_return out;
}

Task<Result<std::optional<PageDigest>>> PageStore::Digest(Object& object, uint64_t page) {
  ReadPlan plan;
  {
    ChunkPins pins;
    const Status loaded = co_await table_.LoadChunks(object, page, 1, pins);
    if (!loaded.ok()) co_return loaded;
    plan.Add(object, page);
  }
  std::optional<PageDigest> digest;
  if (plan.pages.empty()) co_return digest;
  std::shared_ptr<MutableBytes> buffer = TakeBuffer(kPageBytes);
  const MutableBytes whole = buffer->subspan(0, kPageBytes);
  const Status status = co_await ReadPlanned(object, plan, whole);
  if (!status.ok()) co_return status;
  const std::array<uint8_t, 32> sum = Sha256(whole);
  digest.emplace();
  std::copy_n(sum.begin(), digest->size(), digest->begin());
  co_return digest;
}

Task<Status> PageStore::PrepareWrite(Object& object, PageWrite& write, bool limited) {
  const Status loaded = co_await table_.LoadChunks(object, write.first_page, write.page_count, write.pins);
  if (!loaded.ok()) co_return loaded;
  if (limited && !space_.HasRoomFor(write.page_count)) co_return Status(Code::kNoSpace, "the object store is full");
  std::optional<std::vector<SlotSpan>> spans = object.slots.Allocate(write.first_page, write.page_count);
  if (!spans) co_return Status(Code::kNoSpace, "object " + ToString(object.id) + " has no slots left");
  write.spans = std::move(*spans);
  space_.Take(write.page_count);
  space_.BeginWrite(write.page_count);
  co_await Hop(io_);
  write.crcs.reserve(write.page_count);
  PageWalker pages(write.pieces);
  for (uint32_t i = 0; i < write.page_count; ++i) write.crcs.push_back(pages.NextCrc());
  const Status written = co_await device_.Write(object.id, write.spans, write.pieces);
  co_await Hop(strand_);
  space_.EndWrite(write.page_count);
  if (!written.ok()) co_await AbandonWrite(object, write);
  co_return written;
}

// A device that is full stays full if every write that failed keeps the part that fitted.
Task<void> PageStore::AbandonWrite(Object& object, PageWrite& write) {
  if (write.spans.empty()) co_return;
  const bool has_file = object.exists;
  co_await Hop(io_);
  // What cannot be given back keeps its blocks until it is used again, or until the next start removes the file.
  Status ignored;
  if (has_file) {
    ignored = co_await device_.Punch(object.id, write.spans);
  } else {
    ignored = co_await device_.Remove(object.id);
  }
  (void)ignored;
  co_await Hop(strand_);
  for (SlotSpan span : write.spans) object.slots.Free(span);
  space_.Give(SlotCount(write.spans));
  write.spans.clear();
}

void PageStore::Release(Object& object, Chunk::Replaced replaced) {
  if (replaced.fresh || Planted(PlantedBug::kFreedTooEarly)) {
    object.slots.Free({replaced.slot, 1});
    space_.Give(1);
  } else {
    AppendSpan(object.pending_free, {replaced.slot, 1});
  }
}

void PageStore::ApplyWrite(Object& object, PageWrite& write, Transno transno) {
  uint64_t page = write.first_page;
  size_t done = 0;
  Chunk* chunk = nullptr;
  for (SlotSpan span : write.spans) {
    for (uint32_t i = 0; i < span.count; ++i, ++page, ++done) {
      const uint32_t index = page % kChunkPages;
      if (chunk == nullptr || index == 0) {
        chunk = &object.chunks.at(page / kChunkPages);
        chunk->dirty = true;
        object.dirty_chunks.insert(page / kChunkPages);
      }
      const Chunk::Replaced replaced = chunk->Put(index, {transno, span.first + i, write.crcs[done]});
      if (replaced.slot == kNoSlot) {
        ++object.row.pages;
      } else {
        Release(object, replaced);
      }
    }
  }
}

Task<Status> PageStore::PrepareDrop(Object& object, PageDrop& drop) {
  if (drop.first_page >= drop.end_page) co_return Status::Ok();
  // Chunks cut in two are changed in memory, whole ones that are not there are dropped unseen.
  const uint64_t first_whole = (drop.first_page + kChunkPages - 1) / kChunkPages;
  const uint64_t end_whole = drop.end_page / kChunkPages;
  Status loaded = Status::Ok();
  if (drop.first_page % kChunkPages != 0) {
    loaded = co_await table_.LoadChunks(object, drop.first_page, 1, drop.pins);
    if (!loaded.ok()) co_return loaded;
  }
  if (drop.end_page % kChunkPages != 0) {
    loaded = co_await table_.LoadChunks(object, drop.end_page - 1, 1, drop.pins);
    if (!loaded.ok()) co_return loaded;
  }
  auto it = object.chunks.lower_bound(first_whole);
  for (; it != object.chunks.end() && it->first < end_whole; ++it) drop.pins.Add(it->second);
  Result<ObjectTable::StoredSpans> unseen = co_await table_.ReadStoredSpans(object, first_whole, std::max(first_whole, end_whole));
  if (!unseen.ok()) co_return unseen.status();
  drop.unseen = std::move(*unseen);
  co_return Status::Ok();
}

void PageStore::ApplyDrop(Object& object, PageDrop& drop) {
  if (drop.first_page >= drop.end_page) return;
  for (SlotSpan span : drop.unseen.spans) AppendSpan(object.pending_free, span);
  object.row.pages -= drop.unseen.pages;
  for (uint64_t number : drop.unseen.chunks) {
    object.deleted_chunks.Add(number, 1);
    object.stored_chunks.Remove(number, 1);
  }
  for (auto it = object.chunks.lower_bound(drop.first_page / kChunkPages); it != object.chunks.end(); ++it) {
    auto& [number, chunk] = *it;
    const uint64_t chunk_first = number * kChunkPages;
    if (chunk_first >= drop.end_page) break;
    const uint64_t from = std::max(chunk_first, drop.first_page) - chunk_first;
    const uint64_t to = std::min<uint64_t>(chunk.size(), drop.end_page - chunk_first);
    for (uint64_t index = to; index > from; --index) {
      const Chunk::Replaced replaced = chunk.Clear(static_cast<uint32_t>(index - 1));
      if (replaced.slot == kNoSlot) continue;
      --object.row.pages;
      chunk.dirty = true;
      object.dirty_chunks.insert(number);
      Release(object, replaced);
    }
  }
}

}  // namespace nacre
