// Readdir: names with attributes and contexts, sizes exact, in one request.
#include "common/wire/wire.h"
#include "mds/core/key_schema.h"
#include "mds/core/names.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

bool AsksObjects(const rows::InodeRow& row) {
  return IsRegular(row) && row.attr().size_state() == v1::SIZE_ON_OBJECTS;
}

// An inode that is gone, or that it cannot all be told of, is shown as its FID without attributes: it does not hide its
// neighbours, and fsck tells more.
Status ShowDamaged(const Fid& fid, v1::Inode* out) {
  out->Clear();
  *out->mutable_fid() = ToWire(fid);
  return Status::Ok();
}

// One entry; the FIDs whose size must be asked for are noted.
Status Show(Core& core, Op& op, const Dirent& entry, bool name_only, v1::ReaddirReply::Entry* out,
            std::vector<Fid>& on_objects) {
  out->set_cookie(entry.cookie);
  out->set_name(entry.name);
  if (name_only) {
    *out->mutable_inode()->mutable_fid() = ToWire(entry.fid);
    out->mutable_inode()->mutable_attr()->set_type(entry.type);
    return Status::Ok();
  }
  auto row = op.Find(entry.fid);
  if (row.code() == Code::kStale || row.code() == Code::kIo) return ShowDamaged(entry.fid, out->mutable_inode());
  if (!row.ok()) return row.status();
  if (AsksObjects(**row)) {
    if (!FromWire((*row)->layout()).ok()) return ShowDamaged(entry.fid, out->mutable_inode());
    on_objects.push_back(entry.fid);
  }
  const Status shown = ShowInode(core, entry.fid, **row, out->mutable_inode());
  return shown.code() == Code::kIo ? ShowDamaged(entry.fid, out->mutable_inode()) : shown;
}

Task<Status> TakeSizes(Core& core, std::vector<Fid> on_objects, v1::ReaddirReply& reply) {
  auto shown = co_await ShowExact(core, std::move(on_objects));
  if (!shown.ok()) co_return shown.status();
  std::map<Fid, const v1::Inode*> by_fid;
  for (const v1::Inode& inode : *shown) {
    if (inode.has_fid()) by_fid[FromWire(inode.fid())] = &inode;
  }
  for (auto& entry : *reply.mutable_entries()) {
    auto it = by_fid.find(FromWire(entry.inode().fid()));
    if (it != by_fid.end()) *entry.mutable_inode() = *it->second;
  }
  co_return Status();
}

}  // namespace

Answer<v1::ReaddirReply> ServeReaddir(Core& core, Op& op, const v1::ReaddirRequest& request) {
  auto directory = LoadDirectory(core, op, FromWire(request.fid()), kMayRead);
  if (!directory.ok()) co_return directory.status();
  if (request.after() >= kCookieMax) co_return Status(Code::kInvalid, "a cookie has 63 bits");
  const uint32_t entries_max =
      request.entries_max() == 0 ? kReaddirEntriesMax : std::min(request.entries_max(), kReaddirEntriesMax);
  op.ReliesOnNames(directory->fid);
  v1::ReaddirReply reply;
  reply.set_directory_context(directory->row->context());
  std::vector<Fid> on_objects;
  size_t bytes = 0;
  auto walk = core.dirents.Entries(directory->fid, request.after());
  while (static_cast<uint32_t>(reply.entries_size()) < entries_max && bytes < kReaddirBytesMax) {
    auto entry = walk.Next();
    if (!entry.ok()) co_return entry.status();
    if (!entry->has_value()) {
      reply.set_end(true);
      break;
    }
    auto* out = reply.add_entries();
    NACRE_CO_RETURN_IF_ERROR(Show(core, op, **entry, request.names_only(), out, on_objects));
    bytes += out->ByteSizeLong();
  }
  if (!on_objects.empty()) NACRE_CO_RETURN_IF_ERROR(co_await TakeSizes(core, std::move(on_objects), reply));
  co_return reply;
}

}  // namespace nacre
