// OpenFile's reads: whole pages from the objects, holes as zeros, decrypted from the reply straight into the caller's
// buffer. Several requests at once for large reads.
#include <algorithm>
#include <cstring>
#include <utility>

#include "client/core/open_file.h"

namespace nacre {
namespace {

// Below this, deciphering here is cheaper than handing it to the pool.
constexpr size_t kInlineBytesMax = 16 * kKiB;

// A server's word is the world: nothing below is taken on trust.
Status CheckPages(const ObjectPages& pages, const v1::ReadRequest& request) {
  const v1::ReadHeader& header = pages.header;
  const Status bad(Code::kIo, "the reply to a read makes no sense");
  if (header.page_count() > request.page_count()) return bad;
  uint64_t at = request.first_page(), holes = 0;
  for (const v1::PageRange& hole : header.holes()) {
    if (hole.first() < at || hole.count() > header.page_count() ||
        hole.first() - request.first_page() > header.page_count() - hole.count()) {
      return bad;
    }
    at = hole.first() + hole.count();
    holes += hole.count();
  }
  const uint64_t sent = pages.run == nullptr ? 0 : pages.run->page_count();
  if (sent + holes != header.page_count()) return bad;
  return Status::Ok();
}

// Pages of a reply in order: [first, end) object pages, present in the run from run_index on, or holes.
struct Extent {
  uint64_t first, end, run_index;
  bool hole;
};
std::vector<Extent> ExtentsOf(const ObjectPages& pages, uint64_t first_page) {
  std::vector<Extent> extents;
  uint64_t at = first_page, in_run = 0;
  const uint64_t end = first_page + pages.header.page_count();
  const auto present_until = [&](uint64_t until) {
    if (until > at) extents.push_back({at, until, in_run, false});
    in_run += until - at;
    at = until;
  };
  for (const v1::PageRange& hole : pages.header.holes()) {
    present_until(hole.first());
    extents.push_back({at, at + hole.count(), 0, true});
    at += hole.count();
  }
  present_until(end);
  return extents;
}

std::vector<FileRange> ClippedTo(uint64_t end, std::vector<FileRange> ranges) {
  std::erase_if(ranges, [end](const FileRange& range) { return range.begin >= end; });
  for (FileRange& range : ranges) range.end = std::min(range.end, end);
  return ranges;
}

}  // namespace

Task<Result<ObjectPages>> OpenFile::ReadChunk(std::shared_ptr<const Placement> placement, StripePiece piece) {
  const std::shared_ptr<Ost> ost = services_.osts.Get(placement->component.osts[piece.stripe]);
  v1::ReadRequest request;
  *request.mutable_object() = ObjectOf(*placement, piece.stripe);
  request.set_file_epoch(placement->file_epoch);
  request.set_layout_generation(placement->generation);
  request.set_first_page(piece.object_offset / kPageBytes);
  request.set_page_count(static_cast<uint32_t>(piece.length / kPageBytes));
  request.set_encrypted(!Inode().context().empty());
  Result<ObjectPages> pages = co_await ost->Read(request);
  if (!pages.ok()) co_return pages.status().With(ost->Name());
  const Status sane = CheckPages(*pages, request);
  if (!sane.ok()) co_return sane.With(ost->Name());
  co_return pages;
}

// piece: whole pages that cover [offset, offset + out.size()).
Task<Status> OpenFile::ReadPiece(std::shared_ptr<const Placement> placement, StripePiece piece, uint64_t offset,
                                 MutableBytes out, Found* found) {
  const AsyncSemaphore::Units one_of_file = co_await in_flight_.Take();
  const AsyncSemaphore::Units one_of_all = co_await services_.reads.Take();
  const Result<ObjectPages> pages = co_await ReadChunk(placement, piece);
  if (!pages.ok()) co_return pages.status();
  if (out.size() > kInlineBytesMax) co_await Hop(*services_.environment.pool);
  const uint64_t object_first = piece.object_offset / kPageBytes;
  const uint64_t file_first = piece.file_offset / kPageBytes;
  const uint64_t end = offset + out.size();
  if (const uint64_t object_size = pages->header.object_size(); object_size > 0) {
    found->file_end = FileOffsetOf(placement->component, piece.stripe, object_size - 1) + 1;
  }
  uint64_t covered = piece.file_offset;
  for (const Extent& extent : ExtentsOf(*pages, object_first)) {
    const uint64_t page = file_first + (extent.first - object_first);
    covered = (file_first + (extent.end - object_first)) * kPageBytes;
    const uint64_t from = std::max(page * kPageBytes, offset), to = std::min(covered, end);
    if (from >= to) continue;
    const MutableBytes part = out.subspan(from - offset, to - from);
    if (extent.hole) {
      std::memset(part.data(), 0, part.size());
      found->holes.push_back({from, to});
      continue;
    }
    // The run holds the present pages one behind the other: seen from here its first page lies run_index pages before.
    const Status decoded = coder_->Decode(*pages->run, page - extent.run_index, from, part);
    if (!decoded.ok()) co_return decoded.With("reading " + ToString(fid_));
  }
  if (covered < end) {
    const uint64_t from = std::max(covered, offset);
    std::memset(out.data() + (from - offset), 0, end - from);
    found->was_short = true;
    found->holes.push_back({from, end});
  }
  co_return Status::Ok();
}

Task<Status> OpenFile::ReadRange(uint64_t offset, MutableBytes out, Found* found) {
  const std::shared_ptr<const Placement> where = placement();
  const uint64_t begin = RoundDownToPage(offset), end = offset + out.size();
  const std::vector<StripePiece> pieces = PlanChunks(where->component, begin, RoundUpToPage(end) - begin);
  if (pieces.size() == 1) co_return co_await ReadPiece(where, pieces.front(), offset, out, found);
  std::vector<Found> parts(pieces.size());
  std::vector<Task<Status>> reads;
  reads.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    const uint64_t from = std::max(offset, pieces[i].file_offset);
    const uint64_t to = std::min(end, pieces[i].file_offset + pieces[i].length);
    reads.push_back(ReadPiece(where, pieces[i], from, out.subspan(from - offset, to - from), &parts[i]));
  }
  const std::vector<Status> done = co_await WhenAll(std::move(reads));
  for (const Status& status : done) NACRE_CO_RETURN_IF_ERROR(status);
  for (const Found& part : parts) {
    found->was_short |= part.was_short;
    found->file_end = std::max(found->file_end, part.file_end);
    found->holes.insert(found->holes.end(), part.holes.begin(), part.holes.end());
  }
  co_return Status::Ok();
}

Task<Result<size_t>> OpenFile::Read(uint64_t offset, MutableBytes out, std::vector<FileRange>* holes) {
  const Status usable = CheckUsable(false);
  if (!usable.ok()) co_return usable;
  const MonotonicTime limit = services_.environment.clock->Now() + services_.environment.wait_timeout;
  bool refetched = false;
  for (int attempt = 0; !out.empty(); ++attempt) {
    const std::shared_ptr<const Placement> used = placement();
    const uint64_t known_size = size();
    // To or beyond the end as far as we know: somebody may have written behind it since.
    const bool beyond_known = offset >= known_size || out.size() > known_size - offset;
    if (beyond_known && !refetched) {
      const Status fetched = co_await Refetch();
      if (!fetched.ok()) co_return fetched;
      refetched = true;
      continue;
    }
    if (offset >= known_size) break;
    // The last page is read whole: who appends to it meanwhile is seen with all of that write or with none of it.
    const uint64_t pages_end = RoundUpToPage(known_size);
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(out.size(), pages_end - offset));
    Found found;
    const Status status = co_await ReadRange(offset, out.first(wanted), &found);
    const uint64_t read_end = std::min(offset + wanted, std::max(known_size, found.file_end));
    if (status.ok() && found.was_short && !refetched) {
      // An object ended earlier than the file: a hole there, or somebody made the file shorter.
      const Status fetched = co_await Refetch();
      if (!fetched.ok()) co_return fetched;
      refetched = true;
      if (size() < read_end) continue;
    }
    if (status.ok() && holes != nullptr) *holes = ClippedTo(read_end, std::move(found.holes));
    if (status.ok()) co_return static_cast<size_t>(read_end - offset);
    if (!co_await MayRetry(status, used, attempt, limit)) co_return status;
  }
  co_return size_t{0};
}

// One page in clear, and the condition under which it is still so.
Task<Result<OpenFile::EdgePage>> OpenFile::ReadEdge(std::shared_ptr<const Placement> placement, uint64_t page) {
  StripePiece piece = LocateByte(placement->component, page * kPageBytes);
  piece.length = kPageBytes;
  const Result<ObjectPages> pages = co_await ReadChunk(placement, piece);
  if (!pages.ok()) co_return pages.status();
  EdgePage edge{};
  if (pages->run == nullptr || pages->run->page_count() == 0) {
    edge.condition.set_hole(true);
    co_return edge;
  }
  const std::array<uint8_t, kPageBytes> stored = GatherPage(*pages->run, 0);
  edge.condition.set_digest(PageDigest(stored, AsBytes(pages->run->metas())));
  const Status decoded = coder_->Decode(*pages->run, page, page * kPageBytes, edge.clear);
  if (!decoded.ok()) co_return decoded.With("reading " + ToString(fid_));
  co_return edge;
}

Task<Result<uint64_t>> OpenFile::ReadRaw(uint64_t page_first, uint64_t page_count, MutableBytes out) {
  const std::shared_ptr<const Placement> where = placement();
  const uint64_t pages_in_file = PagesCovering(size());
  if (page_first >= pages_in_file) co_return uint64_t{0};
  page_count = std::min(page_count, pages_in_file - page_first);
  NACRE_CHECK(out.size() >= page_count * kPageBytes, "room for the pages asked for");
  for (const StripePiece& piece : PlanChunks(where->component, page_first * kPageBytes, page_count * kPageBytes)) {
    const Result<ObjectPages> pages = co_await ReadChunk(where, piece);
    if (!pages.ok()) co_return pages.status();
    const MutableBytes to = out.subspan(piece.file_offset - page_first * kPageBytes, piece.length);
    std::memset(to.data(), 0, to.size());
    const uint64_t object_first = piece.object_offset / kPageBytes;
    for (const Extent& extent : ExtentsOf(*pages, object_first)) {
      for (uint64_t page = extent.first; page < extent.end && !extent.hole; ++page) {
        const std::array<uint8_t, kPageBytes> stored = GatherPage(*pages->run, extent.run_index + page - extent.first);
        std::memcpy(to.data() + (page - object_first) * kPageBytes, stored.data(), kPageBytes);
      }
    }
  }
  co_return page_count;
}

}  // namespace nacre
