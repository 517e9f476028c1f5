// Truncate: shrinks or extends a file, or empties it. One request to the MDS, which asks the OSTs itself.
#include "common/wire/wire.h"
#include "mds/core/files.h"
#include "mds/core/intents.h"
#include "mds/core/ops/operations.h"
#include "mds/core/resends.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

constexpr size_t kDigestBytes = 16;

Status CheckRequest(const v1::TruncateRequest& request) {
  if (request.size() > kFileBytesMax) {
    return Status(Code::kTooLarge, "a file has at most " + std::to_string(kFileBytesMax) + " bytes");
  }
  const bool has_tail = !request.tail_page().empty();
  if (has_tail && request.tail_page().size() != kPageBytes) return Status(Code::kInvalid, "a tail page has 4096 bytes");
  if (!request.tail_meta().empty()) return Status(Code::kUnsupported, "page meta is not known yet");
  if (!request.tail_digest().empty() && request.tail_digest().size() != kDigestBytes) {
    return Status(Code::kInvalid, "a page's digest has 16 bytes");
  }
  if (has_tail && (request.tail_hole() || request.tail_digest().empty())) {
    return Status(Code::kInvalid, "a tail page says by its digest what it replaces");
  }
  if (!has_tail && !request.tail_digest().empty()) return Status(Code::kInvalid, "a tail digest without a tail page");
  if ((has_tail || request.tail_hole()) && request.size() % kPageBytes == 0) {
    return Status(Code::kInvalid, "an end at a page border has no tail page");
  }
  return Status::Ok();
}

Status CheckMayTruncate(Core& core, Op& op, const Fid& fid, const rows::InodeRow& row,
                        const v1::TruncateRequest& request) {
  if (IsDirectory(row)) return Status(Code::kIsDirectory, "inode " + ToString(fid) + " is a directory");
  if (!IsRegular(row)) return Status(Code::kInvalid, "inode " + ToString(fid) + " is not a regular file");
  if (!core.openers.MayWrite(fid, op.session()) && !MayAccess(OwnershipOf(row), op.caller(), kMayWrite)) {
    return Status(Code::kAccessDenied, "the mode of file " + ToString(fid) + " does not let you write it");
  }
  const bool cuts_a_page = request.size() % kPageBytes != 0 && row.attr().size_state() == v1::SIZE_EXACT &&
                           request.size() < row.attr().size();
  if (cuts_a_page && request.tail_page().empty() && !request.tail_hole()) {
    return Status(Code::kInvalid, "a cut inside a page needs the page's new ciphertext");
  }
  return Status::Ok();
}

rows::IntentRow IntentOf(const v1::TruncateRequest& request, int64_t now_ns) {
  rows::IntentRow intent;
  intent.set_size(request.size());
  intent.set_mtime_ns(now_ns);
  if (request.tail_page().empty() && !request.tail_hole()) return intent;
  rows::IntentRow::Page* page = intent.add_pages();
  page->set_page(request.size() / kPageBytes);
  page->set_ciphertext(request.tail_page());
  page->set_digest(request.tail_digest());
  return intent;
}

Status Empty(Core& core, Op& op, const Fid& fid, const rows::InodeRow& before, v1::TruncateReply& reply) {
  Change change(core, op);
  rows::InodeRow row = before;
  EmptyFile(core, fid, row, change);
  core.openers.DistrustReports(fid);
  row.mutable_attr()->set_mtime_ns(change.now_ns());
  row.mutable_attr()->set_ctime_ns(change.now_ns());
  row.mutable_attr()->set_mode(ModeAfterWrite(OwnershipOf(row), op.caller()));
  row.mutable_attr()->set_version(change.transno());
  NACRE_RETURN_IF_ERROR(ShowInode(core, fid, row, reply.mutable_inode()));
  change.PutInode(fid, std::move(row));
  // What is written next goes to new objects: their ids must not be given twice.
  change.ApplyStable(op, reply);
  return Status::Ok();
}

}  // namespace

Answer<v1::TruncateReply> ServeTruncate(Core& core, Op& op, const v1::TruncateRequest& request) {
  NACRE_CO_RETURN_IF_ERROR(CheckRequest(request));
  const Fid fid = FromWire(request.fid());
  auto lock = co_await core.file_locks.Exclusive(fid);
  // Sent again while the first was at work: that one has answered by now.
  auto answered = FindAnswered<v1::TruncateReply>(core, op);
  if (!answered.ok()) co_return answered.status();
  if (answered->has_value()) co_return std::move(**answered);
  auto row = op.Find(fid);
  if (!row.ok()) co_return row.status();
  NACRE_CO_RETURN_IF_ERROR(CheckMayTruncate(core, op, fid, **row, request));
  v1::TruncateReply reply;
  // Others who have it open hold on to its objects: these are cut like any other size, which fences.
  const Opener asking{.session = op.session(), .handle = request.handle()};
  if (request.size() == 0 && !core.openers.IsOpenByOthers(fid, asking)) {
    NACRE_CO_RETURN_IF_ERROR(Empty(core, op, fid, **row, reply));
    co_return reply;
  }
  DropSetId(core, op, fid);
  rows::IntentRow intent = IntentOf(request, op.now_ns());
  NameRequest(op, intent);
  auto outcome = co_await CarryOut(core, fid, intent);
  if (!outcome.ok()) co_return outcome.status().With("truncating file " + ToString(fid));
  row = op.Find(fid);
  if (!row.ok()) co_return row.status();
  Change change(core, op);
  rows::InodeRow before = **row;
  before.mutable_attr()->set_mode(ModeAfterWrite(OwnershipOf(before), op.caller()));
  const rows::InodeRow after = FinishIntent(core, change, fid, intent, *outcome, std::move(before));
  NACRE_CO_RETURN_IF_ERROR(ShowInode(core, fid, after, reply.mutable_inode()));
  reply.mutable_inode()->mutable_attr()->set_size(request.size());
  change.ApplyStable(op, reply);
  co_return reply;
}

}  // namespace nacre
