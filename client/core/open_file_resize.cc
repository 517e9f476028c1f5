// OpenFile's truncate and punch: one request to the MDS, which carries the new ciphertext of the pages that are cut
// through; the MDS does the rest and can finish alone.
#include <algorithm>
#include <cstring>
#include <utility>

#include "client/core/open_file.h"

namespace nacre {

Task<Status> OpenFile::Truncate(uint64_t size) {
  const Status usable = CheckUsable(true);
  if (!usable.ok()) co_return usable;
  if (size > kFileBytesMax) co_return Status(Code::kTooLarge, "beyond the largest file of 2^60 bytes");
  const PageRangeLock::Held held = co_await pages_.Take(0, PageRangeLock::kNoEnd);
  const MonotonicTime limit = services_.environment.clock->Now() + services_.environment.wait_timeout;
  for (int attempt = 0;; ++attempt) {
    const std::shared_ptr<const Placement> used = placement();
    const Status status = co_await TruncateOnce(size);
    if (status.ok()) co_return status;
    if (!co_await MayRetry(status, used, attempt, limit)) co_return status;
  }
}

Task<Status> OpenFile::TruncateOnce(uint64_t size) {
  v1::TruncateRequest request;
  *request.mutable_fid() = ToWire(fid_);
  request.set_size(size);
  if (handle_.session == services_.session->number()) request.set_handle(handle_.xid);
  const size_t in_page = size % kPageBytes;
  if (in_page != 0) {
    const uint64_t page = size / kPageBytes;
    Result<EdgePage> edge = co_await ReadEdge(placement(), page);
    if (!edge.ok()) co_return edge.status();
    if (edge->condition.hole()) {
      request.set_tail_hole(true);
    } else {
      // Only the clear text up to the new end: encryption fills up with zeros.
      const ByteView kept = ByteView(edge->clear).first(in_page);
      const CipherRunPtr run = coder_->Encode({&kept, 1}, page, services_.buffers.For(kPageBytes));
      request.set_tail_page(ToString(ByteView(GatherPage(*run, 0))));
      request.set_tail_meta(run->metas());
      request.set_tail_digest(edge->condition.digest());
    }
  }
  CallTrace trace{.only_in = handle_.session};
  const Result<v1::TruncateReply> reply =
      co_await services_.session->Call(&MdsApi::Truncate, std::move(request), CallKind::kChange, &trace);
  if (!reply.ok()) co_return reply.status();
  {
    std::lock_guard lock(mutex_);
    written_end_ = 0;
    allocated_.clear();
    mtime_ns_ = 0;
  }
  co_return Adopt(reply->inode());
}

Task<Status> OpenFile::Punch(uint64_t offset, uint64_t length) {
  const Status usable = CheckUsable(true);
  if (!usable.ok()) co_return usable;
  if (length == 0) co_return Status(Code::kInvalid, "a hole of no bytes");
  if (offset > kFileBytesMax || length > kFileBytesMax - offset) {
    co_return Status(Code::kTooLarge, "beyond the largest file of 2^60 bytes");
  }
  const PageRangeLock::Held held = co_await pages_.Take(0, PageRangeLock::kNoEnd);
  const MonotonicTime limit = services_.environment.clock->Now() + services_.environment.wait_timeout;
  for (int attempt = 0;; ++attempt) {
    const std::shared_ptr<const Placement> used = placement();
    const Status status = co_await PunchOnce(offset, length);
    if (status.ok()) co_return status;
    if (!co_await MayRetry(status, used, attempt, limit)) co_return status;
  }
}

Task<Status> OpenFile::PunchOnce(uint64_t offset, uint64_t length) {
  const Status fetched = co_await Refetch();
  if (!fetched.ok()) co_return fetched;
  const uint64_t known_size = size();
  if (offset >= known_size) co_return Status::Ok();
  uint64_t end = offset + length;
  // Pages behind the last one need no asking. The last one goes whole only if all of it was asked for: somebody may have
  // appended to it meanwhile.
  end = std::min(end, RoundUpToPage(known_size));
  v1::PunchFileRequest request;
  *request.mutable_fid() = ToWire(fid_);
  const uint64_t whole_first = PagesCovering(offset), whole_end = end / kPageBytes;
  request.set_first_page(whole_first);
  request.set_page_count(whole_end > whole_first ? whole_end - whole_first : 0);
  std::vector<uint64_t> edges;
  if (offset % kPageBytes != 0) edges.push_back(offset / kPageBytes);
  if (end % kPageBytes != 0 && (edges.empty() || edges.front() != end / kPageBytes)) edges.push_back(end / kPageBytes);
  for (uint64_t page : edges) {
    Result<EdgePage> edge = co_await ReadEdge(placement(), page);
    if (!edge.ok()) co_return edge.status();
    if (edge->condition.hole()) continue;
    const uint64_t page_begin = page * kPageBytes;
    const uint64_t from = std::max(offset, page_begin), to = std::min(end, page_begin + kPageBytes);
    std::memset(edge->clear.data() + (from - page_begin), 0, to - from);
    const ByteView clear = edge->clear;
    const CipherRunPtr run = coder_->Encode({&clear, 1}, page, services_.buffers.For(kPageBytes));
    v1::PunchFileRequest::Edge* to_wire = request.add_edges();
    to_wire->set_page(page);
    to_wire->set_ciphertext(ToString(ByteView(GatherPage(*run, 0))));
    to_wire->set_meta(run->metas());
    to_wire->set_digest(edge->condition.digest());
  }
  if (request.page_count() == 0 && request.edges_size() == 0) co_return Status::Ok();
  CallTrace trace{.only_in = handle_.session};
  const Result<v1::PunchFileReply> reply =
      co_await services_.session->Call(&MdsApi::Punch, std::move(request), CallKind::kChange, &trace);
  if (!reply.ok()) co_return reply.status();
  {
    std::lock_guard lock(mutex_);
    allocated_.clear();
  }
  co_return Adopt(reply->inode());
}

}  // namespace nacre
