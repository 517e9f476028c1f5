// Mend: one finding of fsck, judged once more and mended.
#include "mds/core/fsck/gather.h"
#include "mds/core/fsck/may_fsck.h"
#include "mds/core/fsck/mends.h"
#include "mds/core/ops/operations.h"

namespace nacre {
namespace {

constexpr size_t kKeyBytesMax = 64 << 10;

Task<Result<v1::MendReply>> MendOfInode(Core& core, Op& op, v1::Finding asked) {
  if (asked.kind() == v1::FINDING_COUNTERS) co_return co_await MendCounters(core, op, std::move(asked));
  if (asked.kind() == v1::FINDING_SIZE) co_return co_await MendSize(core, op, std::move(asked));
  co_return MendInode(core, op, asked);
}

}  // namespace

Answer<v1::MendReply> ServeMend(Core& core, Op& op, const v1::MendRequest& request) {
  NACRE_CO_RETURN_IF_ERROR(CheckMayFsck(op));
  const v1::Finding& finding = request.finding();
  // Also an empty key can be a row's.
  if (finding.key().size() > kKeyBytesMax) co_return Status(Code::kInvalid, "no row has such a key");
  switch (finding.area()) {
    case v1::CHECK_ENTRIES:
      co_return MendEntry(core, op, finding);
    case v1::CHECK_INODES:
      co_return co_await MendOfInode(core, op, finding);
    case v1::CHECK_LINKS:
    case v1::CHECK_XATTRS:
    case v1::CHECK_ORPHANS:
    case v1::CHECK_COUNTERS:
      co_return MendLeftRows(core, op, finding);
    case v1::CHECK_OBJECTS:
      co_return co_await MendObject(core, op, finding);
    default:
      co_return Status(Code::kInvalid, "a finding in no area");
  }
}

}  // namespace nacre
