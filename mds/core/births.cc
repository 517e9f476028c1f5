#include "mds/core/births.h"

#include "common/base/hash.h"
#include "common/base/planted_bug.h"
#include "common/layout/layout.h"
#include "common/placement/ost_choice.h"
#include "common/wire/wire.h"
#include "mds/core/key_schema.h"

namespace nacre {
namespace {

// For the planted bug only.
Task<void> PutContextLater(Core& core, Fid fid, rows::InodeRow row) {
  co_await Sleep(core.timers, core.strand, std::chrono::milliseconds(2));
  KvBatch batch;
  core.inodes.Put(batch, fid, std::move(row));
  (void)core.kv.Apply(batch, KvStore::Durability::kApplied);
}

}  // namespace

Status CheckBirth(Core& core, Op& op, const ParentDirectory& parent, const Birth& birth) {
  if (!MayAccess(OwnershipOf(*parent.row), op.caller(), kMayWrite | kMaySearch)) {
    return Status(Code::kAccessDenied, "the mode of directory " + ToString(parent.fid) + " lets you make nothing in it");
  }
  if ((birth.mode & ~kModeMask) != 0) return Status(Code::kInvalid, "mode bits beyond 07777");
  if (!op.is_replay()) NACRE_RETURN_IF_ERROR(core.room.Check());
  NACRE_RETURN_IF_ERROR(core.grants.Check(op.session(), birth.fid));
  return CheckBirthContext(parent, birth.type, birth.context);
}

rows::InodeRow NewInode(Op& op, const ParentDirectory& parent, const Birth& birth, uint64_t cookie, int64_t now_ns) {
  const Ownership owner = OwnershipOfNew(OwnershipOf(*parent.row), op.caller(), birth.mode,
                                         birth.type == v1::FILE_TYPE_DIRECTORY);
  rows::InodeRow row;
  v1::Attr* attr = row.mutable_attr();
  attr->set_type(birth.type);
  attr->set_mode(owner.mode);
  attr->set_uid(owner.uid);
  attr->set_gid(owner.gid);
  attr->set_nlink(1);
  attr->set_atime_ns(now_ns);
  attr->set_mtime_ns(now_ns);
  attr->set_ctime_ns(now_ns);
  row.set_context(birth.context);
  *row.mutable_parent() = ToWire(parent.fid);
  row.set_parent_cookie(cookie);
  return row;
}

void SetSalt(const Core& core, const Fid& fid, rows::InodeRow& row) {
  constexpr uint32_t kSipHash = 1;
  const auto sum = Sha256(AsBytes(core.salt_secret), AsBytes(FidKey(fid)));
  row.set_hash_type(kSipHash);
  row.set_salt(std::string(reinterpret_cast<const char*>(sum.data()), 16));
}

void PutBirth(Core& core, Op& op, Change& change, const ParentDirectory& parent, const Birth& birth, std::string name,
              uint64_t cookie, rows::InodeRow row) {
  core.grants.Used(op.session(), birth.fid);
  if (Planted(PlantedBug::kContextLater) && !parent.row->context().empty()) {
    core.tasks.Start(PutContextLater(core, birth.fid, row));
    row.clear_context();
  }
  change.AddInode(birth.fid, std::move(row));
  const Dirent entry{.cookie = cookie, .name = std::move(name), .fid = birth.fid, .type = birth.type};
  change.PutEntry(parent.fid, entry);
  change.CountEntries(parent.fid, 1, birth.type == v1::FILE_TYPE_DIRECTORY ? 1 : 0);
}

Status CheckHint(const v1::LayoutHint& hint) {
  if (hint.stripe_count() != kAllOsts && hint.stripe_count() > kStripeCountMax) {
    return Status(Code::kInvalid, "stripe count " + std::to_string(hint.stripe_count()) + " is above " +
                                      std::to_string(kStripeCountMax));
  }
  if (hint.stripe_bytes() % kStripeBytesUnit != 0 || hint.stripe_bytes() > kStripeBytesMax) {
    return Status(Code::kInvalid, "stripe size " + std::to_string(hint.stripe_bytes()) +
                                      " is not a multiple of 64 KiB up to 4 GiB");
  }
  if (hint.first_ost() != 0 && !hint.has_first_ost()) return Status(Code::kInvalid, "a first OST that is not asked for");
  return Status::Ok();
}

Result<v1::Layout> LayoutOfNew(Core& core, const ParentDirectory& parent, const v1::LayoutHint& hint) {
  NACRE_RETURN_IF_ERROR(CheckHint(hint));
  const v1::LayoutHint& usual = parent.row->default_layout();
  OstWish wish{.count = hint.stripe_count() != 0 ? hint.stripe_count() : usual.stripe_count()};
  if (wish.count == 0) wish.count = 1;
  if (wish.count == kAllOsts) wish.count = kStripeCountMax;
  const v1::LayoutHint& first = hint.has_first_ost() ? hint : usual;
  wish.has_first = first.has_first_ost();
  wish.first = first.first_ost();
  uint64_t stripe_bytes = hint.stripe_bytes() != 0 ? hint.stripe_bytes() : usual.stripe_bytes();
  if (stripe_bytes == 0) stripe_bytes = kStripeBytesDefault;
  auto osts = ChooseOsts(core.map.UsableOsts(core.clock.Now()), wish, core.random);
  if (!osts.ok()) return osts.status();
  Layout layout = MakeStripedLayout(1, stripe_bytes, *std::move(osts));
  layout.generation = 1;
  return ToWire(layout);
}

}  // namespace nacre
