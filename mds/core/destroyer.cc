#include "mds/core/destroyer.h"

#include <algorithm>

#include "common/wire/wire.h"
#include "mds/core/core.h"
#include "mds/core/key_schema.h"

namespace nacre {
namespace {

constexpr size_t kObjectsPerRequest = 500;
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
    ++work_[LoadBigEndian32(AsBytes(cursor->key()).data())].left;
  }
  return cursor->status();
}

void Destroyer::Freed(uint32_t ost) { ++work_[ost].left; }

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
  co_await Hop(core_.strand);  // not inside the change that frees
  Work& work = work_[ost];
  while (work.left > 0 && !core_.stopping) {
    auto destroyed = co_await DestroySome(ost);
    if (!destroyed.ok()) {
      work.pause = std::min(kPauseMax, work.pause.count() == 0 ? kFirstPause : work.pause * 2);
      work.not_before = core_.clock.Now() + work.pause;
      break;
    }
    work.pause = Duration(0);
    if (*destroyed == 0) work.left = 0;
    work.left -= std::min<uint64_t>(work.left, *destroyed);
  }
  work.busy = false;
}

Task<Result<size_t>> Destroyer::DestroySome(uint32_t ost) {
  v1::DestroyRequest request;
  *request.mutable_header() = core_.OssHeader();
  KvBatch done;
  const std::string prefix = OstPrefix(ost);
  auto cursor = core_.kv.Seek(kUnlinkedFamily, prefix);
  for (; cursor->Valid() && cursor->key().starts_with(prefix); cursor->Next()) {
    if (done.operations().size() == kObjectsPerRequest) break;
    *request.add_objects() = ToWire(LoadObjectId(AsBytes(cursor->key()).data() + 4));
    done.Delete(kUnlinkedFamily, std::string(cursor->key()));
  }
  NACRE_CO_RETURN_IF_ERROR(cursor->status());
  cursor.reset();
  const size_t count = done.operations().size();
  if (count == 0) co_return count;
  co_await core_.committer.Stable(core_.transnos.last());
  std::shared_ptr<OssApi> oss = core_.osts.Ost(ost);
  if (oss == nullptr) co_return Status(Code::kUnavailable, "OST " + std::to_string(ost) + " is not known");
  auto reply = co_await ReturnTo(core_.strand, oss->Destroy(std::move(request)));
  if (!reply.ok()) co_return reply.status();
  NACRE_CO_RETURN_IF_ERROR(StatusOf(reply->header()));
  // Lost with a crash, the rows are there again and the objects are destroyed again: a no-op.
  NACRE_CO_RETURN_IF_ERROR(core_.kv.Apply(done, KvStore::Durability::kApplied));
  co_return count;
}

}  // namespace nacre
