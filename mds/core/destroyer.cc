#include "mds/core/destroyer.h"

#include <algorithm>

#include "common/base/planted_bug.h"
#include "common/wire/wire.h"
#include "mds/core/core.h"
#include "mds/core/key_schema.h"

namespace nacre {
namespace {

constexpr size_t kObjectsPerRequest = 500;
constexpr size_t kRememberedMax = 10'000;                              // objects per OST
constexpr Duration kGather = std::chrono::milliseconds(50);  // each request costs the OST a commit: many objects share one
constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kPauseMax = std::chrono::seconds(60);
constexpr Duration kRefusedPause = std::chrono::minutes(10);
constexpr size_t kRefusedMax = 1000;      // set aside per OST; at the bound the OST is asked no further than the next
constexpr size_t kRefusedInRowMax = 16;   // then it is not the objects: the OST is given time, as if it did not answer

// The OST did not say anything of the objects.
bool NoAnswer(Code code) { return code == Code::kUnavailable || code == Code::kTimedOut; }

std::string OstPrefix(uint32_t ost) {
  std::string prefix;
  AppendBigEndian32(prefix, ost);
  return prefix;
}

}  // namespace

Status Destroyer::Load() {
  auto cursor = core_.kv.Seek(kUnlinkedFamily, {});
  for (; cursor->Valid(); cursor->Next()) {
    if (cursor->key().size() != 4 + kObjectIdBytes) return Status(Code::kIo, "a row of family unlinked is malformed");
    Work& work = work_[LoadBigEndian32(AsBytes(cursor->key()).data())];
    ++work.left;
    work.more_in_store = true;
  }
  return cursor->status();
}

void Destroyer::Freed(uint32_t ost, const ObjectId& object) {
  Work& work = work_[ost];
  ++work.left;
  if (work.more_in_store || work.next.size() >= kRememberedMax) {
    work.more_in_store = true;
  } else {
    work.next.push_back(object);
  }
}

uint64_t Destroyer::objects_left() const {
  uint64_t sum = 0;
  for (const auto& [ost, work] : work_) sum += work.left;
  return sum;
}

bool Destroyer::IsDue(const Work& work, MonotonicTime now) {
  if (work.busy || now < work.not_before) return false;
  return work.left > work.refused.size() || (work.left > 0 && now >= work.refused_again);
}

void Destroyer::Kick() {
  if (core_.stopping) return;
  const MonotonicTime now = core_.clock.Now();
  for (auto& [ost, work] : work_) {
    if (!IsDue(work, now)) continue;
    work.busy = true;
    core_.tasks.Start(Run(ost));
  }
}

Task<void> Destroyer::Run(uint32_t ost) {
  co_await Sleep(core_.timers, core_.strand, kGather);
  Work& work = work_[ost];
  TakeBackRefused(work, core_.clock.Now());
  while (work.left > work.refused.size() && !core_.stopping) {
    const Status destroyed = co_await DestroySome(ost, work);
    if (!destroyed.ok()) {
      work.pause = std::min(kPauseMax, work.pause.count() == 0 ? kFirstPause : work.pause * 2);
      work.not_before = core_.clock.Now() + work.pause;
      break;
    }
  }
  work.busy = false;
}

void Destroyer::TakeBackRefused(Work& work, MonotonicTime now) {
  if (now < work.refused_again) return;
  work.next.insert(work.next.end(), work.refused.begin(), work.refused.end());
  work.refused.clear();
}

Status Destroyer::LookForMore(uint32_t ost, Work& work) {
  const std::string prefix = OstPrefix(ost);
  auto cursor = core_.kv.Seek(kUnlinkedFamily, prefix);
  for (; cursor->Valid() && cursor->key().starts_with(prefix); cursor->Next()) {
    if (work.next.size() >= kRememberedMax) return Status::Ok();
    const ObjectId object = LoadObjectId(AsBytes(cursor->key()).data() + prefix.size());
    if (!work.refused.contains(object)) work.next.push_back(object);
  }
  NACRE_RETURN_IF_ERROR(cursor->status());
  work.more_in_store = false;
  work.left = work.next.size() + work.refused.size();
  return Status::Ok();
}

Task<Status> Destroyer::DestroySome(uint32_t ost, Work& work) {
  if (work.next.empty()) NACRE_CO_RETURN_IF_ERROR(LookForMore(ost, work));
  if (work.request_max == 0) work.request_max = kObjectsPerRequest;
  const size_t count = std::min(work.next.size(), work.request_max);
  if (count == 0) co_return Status::Ok();
  const Status destroyed = co_await Send(ost, work, count);
  if (!destroyed.ok() && !NoAnswer(destroyed.code())) co_return Refused(ost, work, count, destroyed);
  if (!destroyed.ok()) co_return destroyed;
  KvBatch done;
  for (size_t i = 0; i < count; ++i) done.Delete(kUnlinkedFamily, UnlinkedKey(ost, work.next[i]));
  // Lost with a crash, the rows are there again and the objects are destroyed again: a no-op.
  NACRE_CO_RETURN_IF_ERROR(core_.kv.Apply(done, KvStore::Durability::kApplied));
  work.next.erase(work.next.begin(), work.next.begin() + static_cast<ptrdiff_t>(count));
  work.left -= count;
  work.pause = Duration(0);
  work.refused_in_row = 0;
  work.request_max = std::min(kObjectsPerRequest, work.request_max * 2);
  co_return Status::Ok();
}

Task<Status> Destroyer::Send(uint32_t ost, const Work& work, size_t count) {
  v1::DestroyRequest request;
  *request.mutable_header() = core_.OssHeader(ost);
  for (size_t i = 0; i < count; ++i) *request.add_objects() = ToWire(work.next[i]);
  if (!Planted(PlantedBug::kDestroyTooEarly)) co_await core_.committer.Stable(core_.transnos.last());
  std::shared_ptr<OssApi> oss = core_.osts.Ost(ost);
  if (oss == nullptr) co_return Status(Code::kUnavailable, "OST " + std::to_string(ost) + " is not known");
  auto reply = co_await ReturnTo(core_.strand, oss->Destroy(std::move(request)));
  if (!reply.ok()) co_return reply.status();
  co_return StatusOf(reply->header());
}

// Ok: go on with what is next.
Status Destroyer::Refused(uint32_t ost, Work& work, size_t count, const Status& refusal) {
  if (count > 1) {
    work.request_max = count / 2;
    return Status::Ok();
  }
  ++work.refused_in_row;
  if (work.refused.size() >= kRefusedMax) return refusal;
  const ObjectId object = work.next.front();
  work.next.pop_front();
  work.refused.insert(object);
  work.refused_again = core_.clock.Now() + kRefusedPause;
  if (core_.options.notice) {
    core_.options.notice(refusal.With("OST " + std::to_string(ost) + " does not destroy object " + ToString(object)));
  }
  return work.refused_in_row < kRefusedInRowMax ? Status::Ok() : refusal;
}

}  // namespace nacre
