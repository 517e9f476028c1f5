// OpenFile's writes. Whole pages go from the caller's memory through the cipher into bounce buffers and out; a page that
// is written only in part is read, merged and written under the condition that it is still what was read.
#include <algorithm>
#include <cstring>
#include <utility>

#include "client/core/open_file.h"
#include "common/layout/stripe_map.h"

namespace nacre {
namespace {

// Below this, enciphering here is cheaper than handing it to the pool.
constexpr uint64_t kInlineBytesMax = 16 * kKiB;

Status CheckRange(uint64_t offset, uint64_t length) {
  if (offset > kFileBytesMax || length > kFileBytesMax - offset) {
    return Status(Code::kTooLarge, "beyond the largest file of 2^60 bytes");
  }
  return Status::Ok();
}

}  // namespace

Task<Status> OpenFile::Write(uint64_t offset, ByteView data) {
  const Status usable = CheckUsable(true);
  if (!usable.ok()) co_return usable;
  NACRE_CO_RETURN_IF_ERROR(CheckRange(offset, data.size()));
  if (data.empty()) co_return Status::Ok();
  const PageRangeLock::Held held = co_await pages_.Take(offset / kPageBytes, PagesCovering(offset + data.size()));
  co_return co_await WriteRange(offset, data);
}

// The pages are locked.
Task<Status> OpenFile::WriteRange(uint64_t offset, ByteView data) {
  const MonotonicTime limit = services_.environment.clock->Now() + services_.environment.wait_timeout;
  for (int attempt = 0;; ++attempt) {
    const std::shared_ptr<const Placement> where = placement();
    const uint64_t begin = RoundDownToPage(offset), end = RoundUpToPage(offset + data.size());
    const std::vector<StripePiece> chunks = PlanChunks(where->component, begin, end - begin);
    Status status;
    if (chunks.size() == 1) {
      status = co_await WriteChunkUntilDone(where, chunks.front(), offset, data, limit);
    } else {
      std::vector<Task<Status>> writes;
      writes.reserve(chunks.size());
      for (const StripePiece& chunk : chunks) writes.push_back(WriteChunkUntilDone(where, chunk, offset, data, limit));
      const std::vector<Status> done = co_await WhenAll(std::move(writes));
      for (const Status& one : done) {
        if (status.ok()) status = one;
      }
    }
    // The stripes themselves changed: cut anew and write all of it anew, which gives the same content.
    if (status.code() != Code::kStaleLayout) co_return status;
    if (!co_await MayRetry(status, where, attempt, limit)) co_return status;
  }
}

Task<Status> OpenFile::WriteChunkUntilDone(std::shared_ptr<const Placement> placement, StripePiece chunk,
                                           uint64_t offset, ByteView data, MonotonicTime limit) {
  const AsyncSemaphore::Units one_of_file = co_await in_flight_.Take();
  const AsyncSemaphore::Units one_of_all = co_await services_.writes.Take();
  bool assume_holes = true;
  for (int attempt = 0;; ++attempt) {
    const Status status = co_await WriteChunk(placement, chunk, offset, data, assume_holes);
    if (status.ok() || status.code() == Code::kStaleLayout) co_return status;
    assume_holes = false;
    if (!co_await MayRetry(status, placement, attempt, limit)) co_return status;
    const std::shared_ptr<const Placement> now = this->placement();
    if (!(now->component == placement->component)) co_return Status(Code::kStaleLayout, "the stripes changed");
    placement = now;
  }
}

// Beyond the end as we know it there is nothing to merge with: if that is an error, the condition "hole" finds it out.
Task<Status> OpenFile::FillEdge(std::shared_ptr<const Placement> placement, uint64_t page, bool assume_holes,
                                std::unique_ptr<EdgePage>* edge) {
  *edge = std::make_unique<EdgePage>();
  if (assume_holes && page * kPageBytes >= size()) {
    (*edge)->condition.set_hole(true);
    co_return Status::Ok();
  }
  Result<EdgePage> read = co_await ReadEdge(std::move(placement), page);
  if (!read.ok()) co_return read.status();
  **edge = *std::move(read);
  co_return Status::Ok();
}

Task<Status> OpenFile::WriteChunk(std::shared_ptr<const Placement> placement, StripePiece chunk, uint64_t offset,
                                  ByteView data, bool assume_holes) {
  const uint64_t chunk_end = chunk.file_offset + chunk.length;
  const uint64_t begin = std::max(offset, chunk.file_offset), end = std::min(offset + data.size(), chunk_end);
  ByteView rest = data.subspan(begin - offset, end - begin);
  const uint64_t page_first = chunk.file_offset / kPageBytes, page_last = (chunk_end - 1) / kPageBytes;
  std::unique_ptr<EdgePage> first, last;
  if (begin > chunk.file_offset) {
    const Status filled = co_await FillEdge(placement, page_first, assume_holes, &first);
    if (!filled.ok()) co_return filled;
    const size_t at = begin - chunk.file_offset;
    const size_t step = std::min(rest.size(), kPageBytes - at);
    std::memcpy(first->clear.data() + at, rest.data(), step);
    rest = rest.subspan(step);
  }
  if (end < chunk_end && !(first != nullptr && page_first == page_last)) {
    const Status filled = co_await FillEdge(placement, page_last, assume_holes, &last);
    if (!filled.ok()) co_return filled;
    const size_t tail = end % kPageBytes;
    std::memcpy(last->clear.data(), rest.data() + (rest.size() - tail), tail);
    rest = rest.first(rest.size() - tail);
  }
  std::vector<ByteView> parts;
  if (first != nullptr) parts.push_back(first->clear);
  if (!rest.empty()) parts.push_back(rest);
  if (last != nullptr) parts.push_back(last->clear);
  AsyncSemaphore::Units memory = co_await services_.budget.Take(services_.buffers.MemoryFor(chunk.length));
  if (chunk.length > kInlineBytesMax) co_await Hop(*services_.environment.pool);
  CipherRunPtr run = coder_->Encode(parts, page_first, services_.buffers.For(chunk.length));
  WriteConditions conditions;
  if (first != nullptr) conditions.first = first->condition;
  if (last != nullptr) conditions.last = last->condition;
  co_return co_await SendChunk(std::move(placement), chunk, end, std::move(run), std::move(memory), std::move(conditions));
}

Task<Status> OpenFile::SendChunk(std::shared_ptr<const Placement> placement, StripePiece chunk, uint64_t data_end,
                                 CipherRunPtr run, AsyncSemaphore::Units memory, WriteConditions conditions) {
  // A retry may have come to know a newer file epoch only by opening a new session. Then the file was closed behind our
  // back and its size made exact; a write let through by that epoch would lie behind the size, and nobody would hear of it.
  NACRE_CO_RETURN_IF_ERROR(CheckUsable(true));
  const uint32_t index = placement->component.osts[chunk.stripe];
  const std::shared_ptr<Ost> ost = services_.osts.Get(index);
  const int64_t now_ns = services_.environment.clock->WallNs();
  v1::WriteHeader header;
  *header.mutable_object() = ObjectOf(*placement, chunk.stripe);
  header.set_file_epoch(placement->file_epoch);
  header.set_layout_generation(placement->generation);
  header.set_offset(chunk.object_offset);
  header.set_size_diff(static_cast<uint32_t>(chunk.file_offset + chunk.length - data_end));
  header.set_mtime_ns(now_ns);
  if (conditions.first.kind_case() != v1::Condition::KIND_NOT_SET) *header.mutable_first() = std::move(conditions.first);
  if (conditions.last.kind_case() != v1::Condition::KIND_NOT_SET) *header.mutable_last() = std::move(conditions.last);
  if (conditions.object_size_max) header.set_object_size_max(*conditions.object_size_max);
  {
    // Before the answer: what may have been written must be committed, whatever becomes of the answer.
    std::lock_guard lock(mutex_);
    written_osts_.insert(index);
  }
  const Result<v1::WriteReply> reply =
      co_await ost->Write(handle_.session, std::move(header), std::move(run), std::move(memory), fate_);
  if (!reply.ok()) {
    const bool perhaps_done = reply.code() == Code::kUnavailable || reply.code() == Code::kTimedOut;
    if (perhaps_done) {
      std::lock_guard lock(mutex_);
      knows_all_writes_ = false;
    }
    co_return reply.status().With(ost->Name());
  }
  Wrote(chunk.stripe, index, data_end, reply->allocated_bytes(), now_ns);
  co_return Status::Ok();
}

void OpenFile::Wrote(uint32_t stripe, uint32_t ost, uint64_t end, uint64_t allocated_bytes, int64_t mtime_ns) {
  std::lock_guard lock(mutex_);
  written_osts_.insert(ost);
  written_end_ = std::max(written_end_, end);
  size_ = std::max(size_, end);
  mtime_ns_ = std::max(mtime_ns_, mtime_ns);
  allocated_[stripe] = std::max(allocated_[stripe], allocated_bytes);
}

Task<PieceMemory> OpenFile::MemoryFor(uint64_t bytes) {
  PieceMemory memory;
  memory.share = co_await services_.budget.Take(services_.buffers.MemoryFor(bytes));
  memory.buffer = services_.buffers.For(bytes).Take();
  co_return memory;
}

Task<Status> OpenFile::WritePages(uint64_t offset, PieceMemory memory, uint64_t bytes) {
  const Status usable = CheckUsable(true);
  if (!usable.ok()) co_return usable;
  NACRE_CO_RETURN_IF_ERROR(CheckRange(offset, bytes));
  NACRE_CHECK(offset % kPageBytes == 0, "a stream's piece begins with a page");
  const uint64_t end = offset + bytes, page_end = RoundUpToPage(end);
  PlainPages pages(std::move(memory.buffer), bytes);
  const std::shared_ptr<const Placement> where = placement();
  const std::vector<StripePiece> chunks = PlanChunks(where->component, offset, page_end - offset);
  if (chunks.size() != 1 || (end < page_end && page_end - kPageBytes < size())) {
    memory.share.Release();  // Write takes its own, piece by piece: holding this it could wait for itself
    co_return co_await Write(offset, pages.bytes());
  }
  const PageRangeLock::Held held = co_await pages_.Take(offset / kPageBytes, page_end / kPageBytes);
  CipherRunPtr run = coder_->EncodeInPlace(std::move(pages), offset / kPageBytes);
  WriteConditions conditions;
  if (end < page_end) conditions.last.set_hole(true);
  const Status status = co_await SendChunk(where, chunks.front(), end, run, std::move(memory.share), std::move(conditions));
  const Code code = status.code();
  if (code != Code::kLostRace && code != Code::kStaleEpoch && code != Code::kStaleLayout) co_return status;
  co_return co_await WritePagesAgain(offset, bytes, std::move(run));
}

// The clear text was used up, but the run still tells it.
Task<Status> OpenFile::WritePagesAgain(uint64_t offset, uint64_t bytes, CipherRunPtr run) {
  co_await Hop(*services_.environment.pool);  // an answer of the network brought us here
  std::vector<uint8_t> clear(bytes);
  const Status decoded = coder_->Decode(*run, offset / kPageBytes, offset, clear);
  if (!decoded.ok()) co_return decoded;
  run.reset();
  // WriteRange cuts by the stripes as they are, so a moved epoch or layout is seen to by its own retries.
  const Status fetched = co_await Refetch();
  if (!fetched.ok()) co_return fetched;
  co_return co_await WriteRange(offset, clear);
}

Task<Result<uint64_t>> OpenFile::Append(ByteView data) {
  const Status usable = CheckUsable(true);
  if (!usable.ok()) co_return usable;
  const PageRangeLock::Held held = co_await pages_.Take(0, PageRangeLock::kNoEnd);
  const Status fetched = co_await Refetch();  // the size as it is now, others' appends included
  if (!fetched.ok()) co_return fetched;
  uint64_t first_at = size();
  // Piece after piece, each behind the end as it then is: somebody else's append may come to lie between two of ours,
  // never over them.
  for (bool is_first = true; !data.empty(); is_first = false) {
    const uint64_t room = kChunkBytesMax - size() % kChunkBytesMax;
    const ByteView piece = data.first(std::min<uint64_t>(data.size(), room));
    const Result<uint64_t> at = co_await AppendPiece(piece);
    if (!at.ok()) co_return at.status();
    if (is_first) first_at = *at;
    data = data.subspan(piece.size());
  }
  co_return first_at;
}

// All pages are locked. Every piece is written under the condition that its object is not longer than the end we saw asks
// for: whatever somebody wrote behind it meanwhile, in whichever page, is not written over.
Task<Result<uint64_t>> OpenFile::AppendPiece(ByteView data) {
  const MonotonicTime limit = services_.environment.clock->Now() + services_.environment.wait_timeout;
  for (int attempt = 0;; ++attempt) {
    const uint64_t at = size();
    NACRE_CO_RETURN_IF_ERROR(CheckRange(at, data.size()));
    const std::shared_ptr<const Placement> where = placement();
    StripePiece chunk = LocateByte(where->component, RoundDownToPage(at));
    // One request: what does not fit into this stripe is not appended by this piece's first write.
    const uint64_t end = std::min(at + data.size(), RoundDownToPage(at) + chunk.length);
    chunk.length = RoundUpToPage(end) - chunk.file_offset;
    const ByteView now = data.first(end - at);
    auto first = std::make_unique<EdgePage>();
    first->condition.set_hole(true);
    Status status;
    if (at % kPageBytes != 0) {
      Result<EdgePage> read = co_await ReadEdge(where, at / kPageBytes);
      status = read.status();
      if (read.ok()) *first = *std::move(read);
    }
    if (status.ok()) status = co_await SendAppend(where, chunk, at, now, first.get());
    if (status.ok() && now.size() == data.size()) co_return at;
    if (status.ok()) {
      const Result<uint64_t> more = co_await AppendPiece(data.subspan(now.size()));
      if (!more.ok()) co_return more.status();
      co_return at;
    }
    if (!co_await MayRetry(status, where, attempt, limit)) co_return status;
    const Status fetched = co_await Refetch();
    if (!fetched.ok()) co_return fetched;
  }
}

Task<Status> OpenFile::SendAppend(std::shared_ptr<const Placement> placement, StripePiece chunk, uint64_t at,
                                  ByteView data, EdgePage* first) {
  const uint64_t end = at + data.size();
  const size_t in_page = at % kPageBytes;
  std::vector<ByteView> parts;
  if (in_page != 0) {
    const size_t step = std::min(data.size(), kPageBytes - in_page);
    std::memcpy(first->clear.data() + in_page, data.data(), step);
    parts.push_back(first->clear);
    data = data.subspan(step);
  }
  if (!data.empty()) parts.push_back(data);
  AsyncSemaphore::Units memory = co_await services_.budget.Take(services_.buffers.MemoryFor(chunk.length));
  if (chunk.length > kInlineBytesMax) co_await Hop(*services_.environment.pool);
  CipherRunPtr run = coder_->Encode(parts, chunk.file_offset / kPageBytes, services_.buffers.For(chunk.length));
  WriteConditions conditions;
  conditions.first = first->condition;
  conditions.object_size_max = ObjectSizeFor(placement->component, chunk.stripe, at);
  co_return co_await SendChunk(std::move(placement), chunk, end, std::move(run), std::move(memory), std::move(conditions));
}

}  // namespace nacre
