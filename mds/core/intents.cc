#include "mds/core/intents.h"

#include <algorithm>

#include "common/layout/stripe_map.h"
#include "common/wire/wire.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kPauseMax = std::chrono::seconds(5);

// What one object is asked for.
struct Step {
  uint32_t ost = 0;
  bool conditional = false;
  std::optional<v1::SetSizeRequest> set_size;
  v1::PunchRequest punch;
};
struct Done {
  Status status;
  uint64_t allocated_bytes = 0;
};

void SetCondition(const rows::IntentRow::Page& page, v1::Condition* condition) {
  if (page.digest().empty()) {
    condition->set_hole(true);
  } else {
    condition->set_digest(page.digest());
  }
}

Step SetSizeStep(const Component& component, uint32_t stripe, const rows::IntentRow& intent, bool encrypted) {
  Step step{.ost = component.osts[stripe], .set_size = v1::SetSizeRequest()};
  step.set_size->set_file_epoch(intent.file_epoch());
  step.set_size->set_size(ObjectSizeFor(component, stripe, intent.size()));
  step.set_size->set_mtime_ns(intent.mtime_ns());
  step.set_size->set_encrypted(encrypted);
  for (const auto& page : intent.pages()) {
    if (LocateByte(component, page.page() * kPageBytes).stripe != stripe) continue;
    step.conditional = true;
    step.set_size->set_tail_page(page.ciphertext());
    step.set_size->set_tail_meta(page.meta());
    SetCondition(page, step.set_size->mutable_tail_condition());
  }
  return step;
}

Step PunchStep(const Component& component, uint32_t stripe, const rows::IntentRow& intent, bool encrypted) {
  Step step{.ost = component.osts[stripe]};
  // How much of the object lies before a place in the file: both ends of its part of the range.
  const uint64_t begin = ObjectSizeFor(component, stripe, intent.first_page() * kPageBytes);
  const uint64_t end = ObjectSizeFor(component, stripe, (intent.first_page() + intent.page_count()) * kPageBytes);
  step.punch.set_file_epoch(intent.file_epoch());
  step.punch.set_first_page(begin / kPageBytes);
  step.punch.set_page_count((end - begin) / kPageBytes);
  step.punch.set_mtime_ns(intent.mtime_ns());
  step.punch.set_encrypted(encrypted);
  for (const auto& page : intent.pages()) {
    const StripePiece at = LocateByte(component, page.page() * kPageBytes);
    if (at.stripe != stripe) continue;
    step.conditional = true;
    v1::EdgePage* edge = step.punch.add_edges();
    edge->set_page(at.object_offset / kPageBytes);
    edge->set_ciphertext(page.ciphertext());
    edge->set_meta(page.meta());
    SetCondition(page, edge->mutable_condition());
  }
  return step;
}

Result<std::vector<Step>> StepsOf(const Fid& fid, const rows::InodeRow& row, const rows::IntentRow& intent) {
  auto layout = FromWire(row.layout());
  if (!layout.ok()) return layout.status().With("layout of " + ToString(fid));
  const bool encrypted = !row.context().empty();
  const Mirror& mirror = layout->mirrors[0];
  const Component& component = mirror.components[0];
  std::vector<Step> steps;
  for (uint32_t stripe = 0; stripe < component.stripe_count(); ++stripe) {
    Step step = intent.punch() ? PunchStep(component, stripe, intent, encrypted)
                               : SetSizeStep(component, stripe, intent, encrypted);
    const ObjectId object{
        .fid = fid, .component = static_cast<uint16_t>(component.id), .mirror = mirror.id, .stripe = stripe};
    *(step.set_size ? step.set_size->mutable_object() : step.punch.mutable_object()) = ToWire(object);
    if (intent.punch() && step.punch.page_count() == 0 && !step.conditional) continue;
    steps.push_back(std::move(step));
  }
  std::stable_partition(steps.begin(), steps.end(), [](const Step& step) { return step.conditional; });
  return steps;
}

Task<Done> AskOnce(Core& core, const Step& step) {
  std::shared_ptr<OssApi> oss = core.osts.Ost(step.ost);
  Done done;
  if (oss == nullptr) {
    done.status = Status(Code::kUnavailable, "it is not known");
  } else if (step.set_size) {
    v1::SetSizeRequest request = *step.set_size;
    *request.mutable_header() = core.OssHeader(step.ost);
    auto reply = co_await ReturnTo(core.strand, oss->SetSize(std::move(request)));
    done.status = reply.ok() ? StatusOf(reply->header()) : reply.status();
    if (done.status.ok()) done.allocated_bytes = reply->allocated_bytes();
  } else {
    v1::PunchRequest request = step.punch;
    *request.mutable_header() = core.OssHeader(step.ost);
    auto reply = co_await ReturnTo(core.strand, oss->Punch(std::move(request)));
    done.status = reply.ok() ? StatusOf(reply->header()) : reply.status();
    if (done.status.ok()) done.allocated_bytes = reply->allocated_bytes();
  }
  done.status = done.status.With("OST " + std::to_string(step.ost));
  co_return done;
}

// Trying again helps where no answer came, and where an object without a condition has no room: that may change, and
// whoever asked for a cut meant all of it. Any other no is final, also when other objects have been changed already: the
// caller is told, the size is what the objects say, and doing all of it again is harmless. (A step that was retried for
// ever would hold the file's lock for ever, over restarts.)
bool IsFinal(const Step& step, Code code) {
  if (code == Code::kUnavailable || code == Code::kTimedOut) return false;
  return step.conditional || code != Code::kNoSpace;
}

Task<Done> AskUntilDone(Core& core, Fid fid, const Step& step) {
  Duration pause = kFirstPause;
  while (true) {
    Done done = co_await AskOnce(core, step);
    if (IsFinal(step, done.status.code())) co_return done;
    if (core.stopping) co_return Done{.status = Status(Code::kUnavailable, "the server is stopping")};
    core.waiting_intents[fid] = done.status.message();
    co_await Sleep(core.timers, core.strand, pause);
    pause = std::min(kPauseMax, pause * 2);
  }
}

Task<Result<uint64_t>> AskAll(Core& core, Fid fid, const std::vector<Step>& steps) {
  uint64_t allocated = 0;
  size_t at = 0;
  for (; at < steps.size() && steps[at].conditional; ++at) {
    Done done = co_await AskUntilDone(core, fid, steps[at]);
    if (!done.status.ok()) co_return done.status;
    allocated += done.allocated_bytes;
  }
  std::vector<Task<Done>> asking;
  for (; at < steps.size(); ++at) asking.push_back(AskUntilDone(core, fid, steps[at]));
  const std::vector<Done> all = co_await ReturnTo(core.strand, WhenAll(std::move(asking)));
  for (const Done& done : all) {
    if (!done.status.ok()) co_return done.status;
    allocated += done.allocated_bytes;
  }
  co_return allocated;
}

void DropIntent(Core& core, const Fid& fid) {
  Change change(core);
  change.batch().Delete(kIntentFamily, FidKey(fid));
  change.Apply();
}

// The intent is stable. Ends with all objects done, or with an error and the intent gone.
Task<Result<IntentOutcome>> AskObjects(Core& core, Fid fid, const rows::IntentRow& intent) {
  IntentOutcome outcome{.write_opens = core.openers.WriteOpens(fid)};
  auto row = core.inodes.Find(fid);
  Status status = row.status();
  if (status.ok()) {
    auto steps = StepsOf(fid, **row, intent);
    status = steps.status();
    if (status.ok()) {
      auto allocated = co_await AskAll(core, fid, *steps);
      core.waiting_intents.erase(fid);
      status = allocated.status();
      if (status.ok()) outcome.allocated_bytes = *allocated;
    }
  }
  if (status.ok()) status = core.inodes.Find(fid).status();
  if (status.ok()) co_return outcome;
  if (!core.stopping) DropIntent(core, fid);
  co_return status;
}

// With the answer that the request would have had.
template <typename Reply>
void ApplyWithReply(Core& core, Change& change, const Fid& fid, const rows::InodeRow& after, const rows::IntentRow& intent) {
  Reply reply;
  const Status shown = ShowInode(core, fid, after, reply.mutable_inode());
  if (!intent.punch()) reply.mutable_inode()->mutable_attr()->set_size(intent.size());
  if (shown.ok()) change.RecordReply(intent.session(), intent.slot(), intent.xid(), reply);
  change.Apply();
}

Task<void> TakeUp(Core& core, Fid fid, rows::IntentRow intent) {
  auto lock = co_await core.file_locks.Exclusive(fid);
  co_await core.window.Closed();
  if (core.stopping) co_return;
  auto outcome = co_await AskObjects(core, fid, intent);
  if (!outcome.ok()) co_return;
  auto row = core.inodes.Find(fid);
  if (!row.ok()) co_return;
  Change change(core);
  const rows::InodeRow after = FinishIntent(core, change, fid, intent, *outcome, **row);
  if (intent.session() == 0) {
    change.Apply();
  } else if (intent.punch()) {
    ApplyWithReply<v1::PunchFileReply>(core, change, fid, after, intent);
  } else {
    ApplyWithReply<v1::TruncateReply>(core, change, fid, after, intent);
  }
}

}  // namespace

Task<Result<IntentOutcome>> CarryOut(Core& core, Fid fid, rows::IntentRow intent) {
  auto found = core.inodes.Find(fid);
  if (!found.ok()) co_return found.status();
  Change change(core);
  rows::InodeRow row = **found;
  row.mutable_attr()->set_file_epoch(row.attr().file_epoch() + 1);
  // Who opens or looks while the objects are being asked must not take the old size for the truth.
  row.mutable_attr()->set_size_state(v1::SIZE_ON_OBJECTS);
  intent.set_file_epoch(row.attr().file_epoch());
  change.batch().Put(kIntentFamily, FidKey(fid), intent.SerializeAsString());
  change.PutInode(fid, std::move(row));
  change.Apply();
  core.openers.DistrustReports(fid);
  co_await core.committer.Stable(change.transno());
  auto outcome = co_await AskObjects(core, fid, intent);
  co_return outcome;
}

void NameRequest(const Op& op, rows::IntentRow& intent) {
  intent.set_session(op.session());
  intent.set_slot(op.header().slot());
  intent.set_xid(op.header().xid());
}

rows::InodeRow FinishIntent(Core& core, Change& change, const Fid& fid, const rows::IntentRow& intent,
                            const IntentOutcome& outcome, rows::InodeRow row) {
  v1::Attr* attr = row.mutable_attr();
  attr->set_mtime_ns(intent.mtime_ns());
  attr->set_ctime_ns(std::max<int64_t>(attr->ctime_ns(), intent.mtime_ns()));
  row.set_object_mtime_floor_ns(std::max<int64_t>(row.object_mtime_floor_ns(), intent.mtime_ns()));
  const bool nobody_writes =
      !core.openers.HasWriter(fid) && core.openers.WriteOpens(fid) == outcome.write_opens;
  if (!intent.punch() && nobody_writes) {
    attr->set_size(intent.size());
    attr->set_blocks(outcome.allocated_bytes / 512);
    attr->set_size_state(v1::SIZE_EXACT);
  }
  // A punch touches some objects only: how much all of them hold, the next stat asks.
  if (intent.punch()) attr->set_size_state(v1::SIZE_ON_OBJECTS);
  change.batch().Delete(kIntentFamily, FidKey(fid));
  attr->set_version(change.transno());
  change.PutInode(fid, row);
  return row;
}

Status TakeUpIntents(Core& core) {
  std::vector<std::pair<Fid, rows::IntentRow>> left;
  auto cursor = core.kv.Seek(kIntentFamily, {});
  for (; cursor->Valid(); cursor->Next()) {
    rows::IntentRow intent;
    if (cursor->key().size() != kFidBytes ||
        !intent.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size()))) {
      return Status(Code::kIo, "a row of family intent cannot be read");
    }
    left.emplace_back(LoadFid(AsBytes(cursor->key()).data()), std::move(intent));
  }
  NACRE_RETURN_IF_ERROR(cursor->status());
  for (auto& [fid, intent] : left) core.tasks.Start(TakeUp(core, fid, std::move(intent)));
  return Status::Ok();
}

}  // namespace nacre
