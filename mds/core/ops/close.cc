// Close, many at once: takes reports of sizes and the times the closer wants.
#include <functional>
#include <optional>

#include "common/wire/wire.h"
#include "mds/core/change.h"
#include "mds/core/files.h"
#include "mds/core/ops/operations.h"

namespace nacre {
namespace {

Status CheckItem(const v1::CloseRequest::Item& item) {
  if (item.has_report() && (item.size() > kFileBytesMax || item.blocks() > kFileBytesMax)) {
    return Status(Code::kInvalid, "a report of more bytes than a file can have");
  }
  return Status::Ok();
}

// The report, where it is the whole truth, and the times. Is there anything to change?
bool TakeReport(const v1::CloseRequest::Item& item, bool whole_truth, bool may_set_times, int64_t now_ns,
                rows::InodeRow& row) {
  v1::Attr* attr = row.mutable_attr();
  if (whole_truth) {
    attr->set_size(item.size());
    attr->set_blocks(item.blocks());
    attr->set_size_state(v1::SIZE_EXACT);
    if (item.mtime_ns() > row.object_mtime_floor_ns()) {
      attr->set_mtime_ns(item.mtime_ns());
      attr->set_ctime_ns(std::max<int64_t>(attr->ctime_ns(), item.mtime_ns()));
    }
  }
  if (item.has_report() && item.mtime_ns() > row.object_mtime_floor_ns()) {
    row.set_object_mtime_floor_ns(item.mtime_ns());
  }
  if (item.has_times() && may_set_times) {
    attr->set_atime_ns(item.set_atime_ns());
    attr->set_mtime_ns(item.set_mtime_ns());
    attr->set_ctime_ns(now_ns);
  }
  return whole_truth || (item.has_times() && may_set_times);
}

// The closer wrote, or does not know whether it did: setuid and setgid that somebody set meanwhile go. Did any?
bool TakeSetIdAway(const v1::CloseRequest::Item& item, const Caller& closer, int64_t now_ns, rows::InodeRow& row) {
  const bool wrote_nothing = item.has_report() && item.mtime_ns() == 0;
  const uint32_t mode = ModeAfterWrite(OwnershipOf(row), closer);
  if (wrote_nothing || mode == row.attr().mode()) return false;
  row.mutable_attr()->set_mode(mode);
  row.mutable_attr()->set_ctime_ns(now_ns);
  return true;
}

// The one change of a request: what it does and its reply record become stable together, or a resend would find its handles
// gone. Made when something is to be changed.
class CloseChange {
 public:
  CloseChange(Core& core, Op& op) : core_(core), op_(op) {}
  Change& operator()() { return change_ ? *change_ : change_.emplace(core_, op_); }
  void MustBeStable() { must_be_stable_ = true; }
  void Apply(v1::CloseReply& reply) {
    if (!change_) return;
    must_be_stable_ ? change_->ApplyStable(op_, reply) : change_->Apply(op_, reply);
  }

 private:
  Core& core_;
  Op& op_;
  std::optional<Change> change_;
  bool must_be_stable_ = false;
};

Status CloseOne(Core& core, Op& op, const v1::CloseRequest::Item& item, CloseChange& change) {
  NACRE_RETURN_IF_ERROR(CheckItem(item));
  const Fid fid = FromWire(item.fid());
  const Opener opener{.session = op.session(), .handle = item.handle()};
  const Openers::Closed closed = ReleaseOpener(core, fid, opener, std::ref(change));
  if (!closed.found) return Status(Code::kStale, "file " + ToString(fid) + " is not open under this handle");
  // Of files that were only read nothing is to be made stable, and nobody minds what a resend finds.
  if (closed.wrote || item.has_times()) change();
  if (closed.file_goes) return Status::Ok();
  auto found = op.Find(fid);
  if (!found.ok()) return Status::Ok();  // it cannot be read: whoever looks is told
  const bool on_objects = (*found)->attr().size_state() == v1::SIZE_ON_OBJECTS;
  const bool whole_truth = item.has_report() && on_objects && closed.last_writer && closed.only_writer;
  const Status times = item.has_times() ? CheckSetTimes(OwnershipOf(**found), op.caller(), false) : Status();
  rows::InodeRow row = **found;
  const bool mode_changed = closed.wrote && TakeSetIdAway(item, op.caller(), op.now_ns(), row);
  if (mode_changed) change.MustBeStable();  // others judge by it without a look at who changed it
  if (TakeReport(item, whole_truth, times.ok(), op.now_ns(), row) || mode_changed) {
    change().PutInode(fid, std::move(row));
  }
  if (closed.last_writer && on_objects && !whole_truth) SettleLater(core, fid);
  return times;
}

}  // namespace

// The client, which had no answer, has re-opened what this closed.
void TakeUpAnswered(Core& core, Op& op, const v1::CloseRequest& request, const v1::CloseReply&) {
  for (const auto& item : request.items()) {
    const Fid fid = FromWire(item.fid());
    if (ReleaseOpener(core, fid, {.session = op.session(), .handle = item.handle()}).last_writer) SettleLater(core, fid);
  }
}

Answer<v1::CloseReply> ServeClose(Core& core, Op& op, const v1::CloseRequest& request) {
  if (static_cast<size_t>(request.items_size()) > kCloseItemsMax) {
    co_return Status(Code::kInvalid, "more than " + std::to_string(kCloseItemsMax) + " closes in one request");
  }
  v1::CloseReply reply;
  CloseChange change(core, op);
  for (const auto& item : request.items()) {
    reply.add_codes(static_cast<uint32_t>(CloseOne(core, op, item, change).code()));
  }
  change.Apply(reply);
  co_return reply;
}

}  // namespace nacre
