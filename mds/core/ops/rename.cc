// Rename: one entry takes another name or place, replaces what was there, or changes places with it; in one change, so it
// shows under exactly one name at any moment.
#include "common/base/planted_bug.h"
#include "common/wire/wire.h"
#include "mds/core/links.h"
#include "mds/core/names.h"
#include "mds/core/ops/operations.h"

namespace nacre {
namespace {

struct Move {
  ParentDirectory from;
  ParentDirectory to;
  Dirent source;
  InodePtr source_row;
  std::optional<Dirent> target;
  InodePtr target_row;
  uint64_t to_cookie = 0;  // the target's, or a free one
  bool same_directory() const { return from.fid == to.fid; }
};

Result<Move> FindMove(Core& core, Op& op, const v1::RenameRequest& request) {
  if (request.no_replace() && request.exchange()) return Status(Code::kInvalid, "flags that contradict each other");
  auto from = LoadParent(core, op, request.from_parent(), kMaySearch);
  if (!from.ok()) return from.status();
  auto to = LoadParent(core, op, request.to_parent(), kMaySearch);
  if (!to.ok()) return to.status();
  if (request.from_name().has_no_key()) {
    return Status(Code::kNoKey, "directory " + ToString(from->fid) + " is locked: nothing in it is renamed");
  }
  auto source = FindEntry(core, op, *from, request.from_name());
  if (!source.ok()) return source.status();
  auto place = FindPlace(core, op, *to, request.to_name());
  if (!place.ok()) return place.status();
  auto source_row = op.Find(source->fid);
  if (!source_row.ok()) return source_row.status();
  Move move{.from = *from, .to = *to, .source = *source, .source_row = *source_row, .target = {}, .target_row = {}};
  move.to_cookie = place->free_cookie;
  if (!place->entry) return move;
  auto target_row = op.Find(place->entry->fid);
  if (!target_row.ok()) return target_row.status();
  move.to_cookie = place->entry->cookie;
  move.target = std::move(place->entry);
  move.target_row = *target_row;
  return move;
}

// Would `directory` come to lie below itself by moving into `into`?
Status CheckNoCycle(Op& op, const Fid& directory, Fid into) {
  if (Planted(PlantedBug::kCycleUnchecked)) return Status::Ok();
  for (size_t depth = 0; depth < kDirectoryDepthMax; ++depth) {
    if (into == directory) {
      return Status(Code::kInvalid, "directory " + ToString(directory) + " would lie below itself");
    }
    if (into == kRootFid) return Status::Ok();
    auto row = op.Find(into);
    if (!row.ok()) return row.status();
    into = FromWire((*row)->parent());
  }
  return Status(Code::kIo, "the parents of " + ToString(into) + " do not end");
}

// May this inode leave `from` and come into `to`?
Status CheckArrival(Op& op, const Fid& fid, const rows::InodeRow& row, const ParentDirectory& from, const ParentDirectory& to) {
  NACRE_RETURN_IF_ERROR(CheckRemoval(OwnershipOf(*from.row), OwnershipOf(row), op.caller()));
  if (from.fid == to.fid) return Status::Ok();
  NACRE_RETURN_IF_ERROR(CheckArrivalContext(to, row));
  if (!IsDirectory(row)) return Status::Ok();
  // Its ".." changes.
  if (!MayAccess(OwnershipOf(row), op.caller(), kMayWrite)) {
    return Status(Code::kAccessDenied, "the mode of directory " + ToString(fid) + " does not let you move it");
  }
  return CheckNoCycle(op, fid, to.fid);
}

Status CheckReplace(Core& core, Op& op, const Move& move) {
  const Fid& target = move.target->fid;
  NACRE_RETURN_IF_ERROR(CheckRemoval(OwnershipOf(*move.to.row), OwnershipOf(*move.target_row), op.caller()));
  if (IsDirectory(*move.source_row) && !IsDirectory(*move.target_row)) {
    return Status(Code::kNotDirectory, "a directory cannot replace " + ToString(target) + ", which is none");
  }
  if (!IsDirectory(*move.source_row) && IsDirectory(*move.target_row)) {
    return Status(Code::kIsDirectory, "only a directory can replace directory " + ToString(target));
  }
  return IsDirectory(*move.target_row) ? CheckEmpty(core, op, target) : Status::Ok();
}

Status Check(Core& core, Op& op, const Move& move, const v1::RenameRequest& request) {
  if (request.no_replace() && move.target) {
    return Status(Code::kExists, "the name is taken by " + ToString(move.target->fid));
  }
  // Two names of one inode, or twice the same name: POSIX leaves all as it is.
  if (move.target && move.target->fid == move.source.fid) return Status::Ok();
  if (request.exchange() && !move.target) return Status(Code::kNotFound, "there is nothing to change places with");
  if (!MayAccess(OwnershipOf(*move.to.row), op.caller(), kMayWrite)) {
    return Status(Code::kAccessDenied, "the mode of directory " + ToString(move.to.fid) + " lets you make nothing in it");
  }
  NACRE_RETURN_IF_ERROR(CheckArrival(op, move.source.fid, *move.source_row, move.from, move.to));
  if (request.exchange()) return CheckArrival(op, move.target->fid, *move.target_row, move.to, move.from);
  if (move.target) return CheckReplace(core, op, move);
  if (move.to_cookie == 0) return Status(Code::kNoSpace, "256 names of the directory share one hash");
  return Status::Ok();
}

void PutMoved(Change& change, const Dirent& what, const rows::InodeRow& row, const ParentDirectory& from, const ParentDirectory& to,
              uint64_t to_cookie, std::string name) {
  rows::InodeRow moved = row;
  MoveName(change, what.fid, from.fid, what.cookie, to.fid, to_cookie, moved);
  change.PutInode(what.fid, std::move(moved));
  const Dirent entry{.cookie = to_cookie, .name = std::move(name), .fid = what.fid, .type = what.type};
  change.PutEntry(to.fid, entry);
}

void Exchange(Change& change, const Move& move) {
  PutMoved(change, move.source, *move.source_row, move.from, move.to, move.to_cookie, move.target->name);
  PutMoved(change, *move.target, *move.target_row, move.to, move.from, move.source.cookie, move.source.name);
  const int64_t moved = (IsDirectory(*move.source_row) ? 1 : 0) - (IsDirectory(*move.target_row) ? 1 : 0);
  if (move.same_directory()) {
    change.CountEntries(move.to.fid, 0, 0);
    return;
  }
  change.CountEntries(move.from.fid, 0, -moved);
  change.CountEntries(move.to.fid, 0, moved);
}

Status Replace(Core& core, Change& change, const Move& move, std::string name) {
  if (move.target) NACRE_RETURN_IF_ERROR(RemoveName(core, change, move.to.fid, *move.target, *move.target_row));
  change.RemoveEntry(move.from.fid, move.source.cookie);
  PutMoved(change, move.source, *move.source_row, move.from, move.to, move.to_cookie, std::move(name));
  const int64_t directories = IsDirectory(*move.source_row) ? 1 : 0;
  const int64_t lost = move.target ? 1 : 0;
  const int64_t lost_directories = move.target && IsDirectory(*move.target_row) ? 1 : 0;
  if (move.same_directory()) {
    change.CountEntries(move.to.fid, -lost, -lost_directories);
    return Status::Ok();
  }
  change.CountEntries(move.from.fid, -1, -directories);
  change.CountEntries(move.to.fid, 1 - lost, directories - lost_directories);
  return Status::Ok();
}

}  // namespace

Answer<v1::RenameReply> ServeRename(Core& core, Op& op, const v1::RenameRequest& request) {
  auto move = FindMove(core, op, request);
  if (!move.ok()) co_return move.status();
  NACRE_CO_RETURN_IF_ERROR(Check(core, op, *move, request));
  v1::RenameReply reply;
  if (move->target && move->target->fid == move->source.fid) co_return reply;
  Change change(core, op);
  if (request.exchange()) {
    Exchange(change, *move);
  } else {
    NACRE_CO_RETURN_IF_ERROR(Replace(core, change, *move, request.to_name().stored()));
  }
  change.Apply(op, reply);
  co_return reply;
}

}  // namespace nacre
