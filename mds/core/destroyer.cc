#include "mds/core/destroyer.h"

#include <algorithm>

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

void Destroyer::Kick() {
  if (core_.stopping) return;
  const MonotonicTime now = core_.clock.Now();
  for (auto& [ost, work] : work_) {
    if (work.busy || work.left == 0 || now < work.not_before) continue;
    work.busy = true;
    core_.tasks.Start(Run(ost));
  }
}

Task<void> Destroyer::Run(uint32_t ost) {
  co_await Sleep(core_.timers, core_.strand, kGather);
  Work& work = work_[ost];
  while (work.left > 0 && !core_.stopping) {
    const Status destroyed = co_await DestroySome(ost, work);
    if (!destroyed.ok()) {
      work.pause = std::min(kPauseMax, work.pause.count() == 0 ? kFirstPause : work.pause * 2);
      work.not_before = core_.clock.Now() + work.pause;
      break;
    }
    work.pause = Duration(0);
  }
  work.busy = false;
}

Status Destroyer::LookForMore(uint32_t ost, Work& work) {
  const std::string prefix = OstPrefix(ost);
  auto cursor = core_.kv.Seek(kUnlinkedFamily, prefix);
  for (; cursor->Valid() && cursor->key().starts_with(prefix); cursor->Next()) {
    if (work.next.size() >= kRememberedMax) return Status::Ok();
    work.next.push_back(LoadObjectId(AsBytes(cursor->key()).data() + prefix.size()));
  }
  NACRE_RETURN_IF_ERROR(cursor->status());
  work.more_in_store = false;
  work.left = work.next.size();
  return Status::Ok();
}

Task<Status> Destroyer::DestroySome(uint32_t ost, Work& work) {
  if (work.next.empty()) NACRE_CO_RETURN_IF_ERROR(LookForMore(ost, work));
  const size_t count = std::min(work.next.size(), kObjectsPerRequest);
  if (count == 0) co_return Status::Ok();
  v1::DestroyRequest request;
  *request.mutable_header() = core_.OssHeader(ost);
  KvBatch done;
  for (size_t i = 0; i < count; ++i) {
    *request.add_objects() = ToWire(work.next[i]);
    done.Delete(kUnlinkedFamily, UnlinkedKey(ost, work.next[i]));
  }
  co_await core_.committer.Stable(core_.transnos.last());
  std::shared_ptr<OssApi> oss = core_.osts.Ost(ost);
  if (oss == nullptr) co_return Status(Code::kUnavailable, "OST " + std::to_string(ost) + " is not known");
  auto reply = co_await ReturnTo(core_.strand, oss->Destroy(std::move(request)));
  if (!reply.ok()) co_return reply.status();
  NACRE_CO_RETURN_IF_ERROR(StatusOf(reply->header()));
  // Lost with a crash, the rows are there again and the objects are destroyed again: a no-op.
  NACRE_CO_RETURN_IF_ERROR(core_.kv.Apply(done, KvStore::Durability::kApplied));
  work.next.erase(work.next.begin(), work.next.begin() + static_cast<ptrdiff_t>(count));
  work.left -= count;
  co_return Status::Ok();
}

}  // namespace nacre
