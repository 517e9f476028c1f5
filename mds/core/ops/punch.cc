// Punch: a range of a file becomes a hole, or, page by page at its edges, zeros. The size stays.
#include "common/wire/wire.h"
#include "mds/core/files.h"
#include "mds/core/intents.h"
#include "mds/core/ops/operations.h"
#include "mds/core/resends.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

constexpr int kEdgesMax = 2;
constexpr size_t kDigestBytes = 16;
constexpr uint64_t kPagesMax = kFileBytesMax / kPageBytes;

Status CheckEdge(const v1::PunchFileRequest& request, const v1::PunchFileRequest::Edge& edge) {
  if (edge.page() >= kPagesMax) return Status(Code::kTooLarge, "an edge page beyond the largest file");
  if (edge.page() >= request.first_page() && edge.page() - request.first_page() < request.page_count()) {
    return Status(Code::kInvalid, "an edge page inside the range that becomes a hole");
  }
  if (edge.ciphertext().size() != kPageBytes) return Status(Code::kInvalid, "an edge page has 4096 bytes");
  if (!edge.meta().empty()) return Status(Code::kUnsupported, "page meta is not known yet");
  if (edge.digest().size() != kDigestBytes) return Status(Code::kInvalid, "a page's digest has 16 bytes");
  return Status::Ok();
}

Status CheckRequest(const v1::PunchFileRequest& request) {
  if (request.first_page() > kPagesMax || request.page_count() > kPagesMax - request.first_page()) {
    return Status(Code::kTooLarge, "a range beyond the largest file");
  }
  if (request.edges_size() > kEdgesMax) return Status(Code::kInvalid, "a range has at most two edges");
  if (request.page_count() == 0 && request.edges_size() == 0) return Status(Code::kInvalid, "an empty range");
  for (const auto& edge : request.edges()) NACRE_RETURN_IF_ERROR(CheckEdge(request, edge));
  if (request.edges_size() == kEdgesMax && request.edges(0).page() == request.edges(1).page()) {
    return Status(Code::kInvalid, "both edges are one page");
  }
  return Status::Ok();
}

rows::IntentRow IntentOf(const v1::PunchFileRequest& request, int64_t now_ns) {
  rows::IntentRow intent;
  intent.set_punch(true);
  intent.set_first_page(request.first_page());
  intent.set_page_count(request.page_count());
  intent.set_mtime_ns(now_ns);
  for (const auto& edge : request.edges()) {
    rows::IntentRow::Page* page = intent.add_pages();
    page->set_page(edge.page());
    page->set_ciphertext(edge.ciphertext());
    page->set_digest(edge.digest());
  }
  return intent;
}

Status CheckMayPunch(Core& core, Op& op, const Fid& fid, const rows::InodeRow& row) {
  if (!IsRegular(row)) return Status(Code::kInvalid, "inode " + ToString(fid) + " is not a regular file");
  if (core.openers.MayWrite(fid, op.session()) || MayAccess(OwnershipOf(row), op.caller(), kMayWrite)) {
    return Status::Ok();
  }
  return Status(Code::kAccessDenied, "the mode of file " + ToString(fid) + " does not let you write it");
}

}  // namespace

Answer<v1::PunchFileReply> ServePunch(Core& core, Op& op, const v1::PunchFileRequest& request) {
  NACRE_CO_RETURN_IF_ERROR(CheckRequest(request));
  const Fid fid = FromWire(request.fid());
  auto lock = co_await core.file_locks.Exclusive(fid);
  auto answered = FindAnswered<v1::PunchFileReply>(core, op);
  if (!answered.ok()) co_return answered.status();
  if (answered->has_value()) co_return std::move(**answered);
  auto row = op.Find(fid);
  if (!row.ok()) co_return row.status();
  NACRE_CO_RETURN_IF_ERROR(CheckMayPunch(core, op, fid, **row));
  DropSetId(core, op, fid);
  rows::IntentRow intent = IntentOf(request, op.now_ns());
  NameRequest(op, intent);
  auto outcome = co_await CarryOut(core, fid, intent);
  if (!outcome.ok()) co_return outcome.status().With("punching file " + ToString(fid));
  row = op.Find(fid);
  if (!row.ok()) co_return row.status();
  Change change(core, op);
  rows::InodeRow before = **row;
  before.mutable_attr()->set_mode(ModeAfterWrite(OwnershipOf(before), op.caller()));
  const rows::InodeRow after = FinishIntent(core, change, fid, intent, *outcome, std::move(before));
  v1::PunchFileReply reply;
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, fid, after, reply.mutable_inode()));
  change.ApplyStable(op, reply);
  lock.Release();
  NACRE_CO_RETURN_IF_ERROR(co_await MakeSizeExact(core, *reply.mutable_inode()));
  co_return reply;
}

}  // namespace nacre
