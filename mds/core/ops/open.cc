// Open: looks up, creates, empties and opens in one request, one change.
#include "common/wire/wire.h"
#include "mds/core/births.h"
#include "mds/core/files.h"
#include "mds/core/intents.h"
#include "mds/core/ops/operations.h"
#include "mds/core/sizes.h"

namespace nacre {
namespace {

// What the request means right now: an inode that is there, or a place where one is to be made.
struct Target {
  std::optional<ParentDirectory> parent;
  std::optional<Fid> existing;
  uint64_t cookie = 0;  // of the entry, or the free place
};

Status CheckRequest(const v1::OpenRequest& request) {
  const v1::RequestHeader& header = request.header();
  if (request.create() && !request.has_name()) return Status(Code::kInvalid, "a create without a name");
  if (request.exclusive() && !request.create()) return Status(Code::kInvalid, "exclusive without create");
  if (!request.read() && !request.write() && !request.create() && !request.truncate()) {
    return Status(Code::kInvalid, "an open neither for reading nor for writing");
  }
  if (request.has_replay_layout() != (request.create() && header.replay())) {
    return Status(Code::kInvalid, "the replay of a create, and nothing else, says the layout");
  }
  return Status::Ok();
}

Result<Target> FindTarget(Core& core, Op& op, const v1::OpenRequest& request) {
  if (!request.has_name()) return Target{.parent = {}, .existing = FromWire(request.fid())};
  auto parent = LoadParent(core, op, request.parent(), kMaySearch);
  if (!parent.ok()) return parent.status();
  Target target{.parent = *parent};
  if (!request.create()) {
    auto entry = FindEntry(core, op, *parent, request.name());
    if (!entry.ok()) return entry.status();
    target.existing = entry->fid;
    target.cookie = entry->cookie;
    return target;
  }
  auto place = FindPlace(core, op, *parent, request.name());
  if (!place.ok()) return place.status();
  if (place->entry) target.existing = place->entry->fid;
  target.cookie = place->entry ? place->entry->cookie : place->free_cookie;
  return target;
}

Status CheckMayOpen(Op& op, const Fid& fid, const rows::InodeRow& row, const v1::OpenRequest& request) {
  const std::string which = "inode " + ToString(fid);
  const bool changes = request.write() || request.truncate();
  switch (row.attr().type()) {
    case v1::FILE_TYPE_REGULAR:
      break;
    case v1::FILE_TYPE_DIRECTORY:
      if (changes || request.create()) return Status(Code::kIsDirectory, which + " is a directory");
      break;
    case v1::FILE_TYPE_SYMLINK:
      return Status(Code::kLoop, which + " is a symlink: the client follows it");
    default:
      return Status(Code::kUnsupported, which + " is a special file: the client's machine opens it");
  }
  const uint32_t wanted = (request.read() ? kMayRead : 0u) | (changes ? kMayWrite : 0u);
  if (MayAccess(OwnershipOf(row), op.caller(), wanted)) return Status::Ok();
  return Status(Code::kAccessDenied, "the mode of " + which + " does not let you open it so");
}

Status AddOpener(Core& core, Op& op, const Fid& fid, bool write, bool size_known) {
  if (core.sessions.Find(op.session()) == nullptr) {
    return Status(Code::kNotConnected, "session " + std::to_string(op.session()) + " was closed meanwhile");
  }
  return core.openers.Add(fid, op.opener(), write, size_known);
}

Result<v1::Layout> LayoutOfReplay(const v1::OpenRequest& request) {
  const auto layout = FromWire(request.replay_layout());
  if (!layout.ok()) return layout.status().With("layout of a replayed create");
  return request.replay_layout();
}

Result<v1::OpenReply> Create(Core& core, Op& op, const v1::OpenRequest& request, const Target& target) {
  const Birth birth{.fid = FromWire(request.fid()),
                    .type = v1::FILE_TYPE_REGULAR,
                    .mode = request.mode(),
                    .context = request.context()};
  NACRE_RETURN_IF_ERROR(CheckBirth(core, op, *target.parent, birth));
  if (target.cookie == 0) return Status(Code::kNoSpace, "256 names of the directory share one hash");
  // A replay's objects may exist already.
  auto layout = op.is_replay() ? LayoutOfReplay(request) : LayoutOfNew(core, *target.parent, request.hint());
  if (!layout.ok()) return layout.status();
  if (request.read() || request.write()) {
    NACRE_RETURN_IF_ERROR(AddOpener(core, op, birth.fid, request.write(), true));
  }
  Change change(core, op);
  rows::InodeRow row = NewInode(op, *target.parent, birth, target.cookie, change.now_ns());
  *row.mutable_layout() = *std::move(layout);
  row.set_next_mirror_id(2);
  row.mutable_attr()->set_file_epoch(1);
  row.mutable_attr()->set_version(change.transno());
  if (request.write()) row.mutable_attr()->set_size_state(v1::SIZE_ON_OBJECTS);
  v1::OpenReply reply;
  reply.set_created(true);
  reply.set_cookie(target.cookie);
  NACRE_RETURN_IF_ERROR(ShowInode(core, birth.fid, row, reply.mutable_inode()));
  PutBirth(core, op, change, *target.parent, birth, request.name().stored(), target.cookie, std::move(row));
  change.Apply(op, reply);
  return reply;
}

Result<InodePtr> FindToOpen(Op& op, const v1::OpenRequest& request, const Fid& fid) {
  if (request.create() && request.exclusive()) return Status(Code::kExists, "the name is taken by " + ToString(fid));
  auto found = op.Find(fid);
  if (!found.ok()) return found.status();
  NACRE_RETURN_IF_ERROR(CheckMayOpen(op, fid, **found, request));
  return found;
}

// Others have the file open and hold on to its objects: these are cut to nothing, which fences. A change of its own.
Task<Status> EmptyObjects(Core& core, Op& op, const v1::OpenRequest& request, Fid fid) {
  auto found = FindToOpen(op, request, fid);
  if (!found.ok()) co_return found.status();
  DropSetId(core, op, fid);
  rows::IntentRow intent;
  intent.set_mtime_ns(op.now_ns());
  auto outcome = co_await CarryOut(core, fid, intent);
  if (!outcome.ok()) co_return outcome.status().With("emptying file " + ToString(fid));
  found = op.Find(fid);
  if (!found.ok()) co_return found.status();
  rows::InodeRow row = **found;
  row.mutable_attr()->set_mode(ModeAfterWrite(OwnershipOf(row), op.caller()));
  Change change(core, op);
  FinishIntent(core, change, fid, intent, *outcome, std::move(row));
  change.Apply();
  op.ReliesOn(change.transno());
  co_return Status();
}

// What becomes of the data: nothing, it is to go with the open, or it has gone through the objects (EmptyObjects).
enum class Data { kStays, kGoes, kGone };

// asks_size: the answer's size is not known yet.
Result<v1::OpenReply> OpenExisting(Core& core, Op& op, const v1::OpenRequest& request, const Target& target, Data data,
                                   bool& asks_size) {
  const bool empties = data == Data::kGoes;
  const Fid fid = *target.existing;
  auto found = FindToOpen(op, request, fid);
  if (!found.ok()) return found.status();
  const bool was_exact = (*found)->attr().size_state() == v1::SIZE_EXACT;
  if (request.read() || request.write()) {
    NACRE_RETURN_IF_ERROR(AddOpener(core, op, fid, request.write(), was_exact || empties));
  }
  // The writes themselves pass by this server.
  if (request.write()) DropSetId(core, op, fid);
  found = op.Find(fid);
  if (!found.ok()) return found.status();
  rows::InodeRow row = **found;
  v1::OpenReply reply;
  reply.set_cookie(target.cookie);
  const bool starts_writing = request.write() && was_exact;
  asks_size = !empties && !starts_writing && !was_exact;
  // What has emptied the file leaves a record: a copy of the request that arrives late must not do it again.
  if (data == Data::kStays && !starts_writing) {
    NACRE_RETURN_IF_ERROR(ShowInode(core, fid, row, reply.mutable_inode()));
    return reply;
  }
  Change change(core, op);
  v1::Attr* attr = row.mutable_attr();
  if (empties) {
    EmptyFile(core, fid, row, change);
    attr->set_mtime_ns(change.now_ns());
    attr->set_ctime_ns(change.now_ns());
    attr->set_mode(ModeAfterWrite(OwnershipOf(row), op.caller()));
  }
  if (request.write()) attr->set_size_state(v1::SIZE_ON_OBJECTS);
  attr->set_version(change.transno());
  NACRE_RETURN_IF_ERROR(ShowInode(core, fid, row, reply.mutable_inode()));
  change.PutInode(fid, std::move(row));
  // The size is on the objects from here on, and which objects those are, whatever becomes of this server and this client.
  change.ApplyStable(op, reply);
  return reply;
}

}  // namespace

void TakeUpAnswered(Core& core, Op& op, const v1::OpenRequest& request, const v1::OpenReply& reply) {
  if ((!request.read() && !request.write()) || !reply.has_inode()) return;
  const Fid fid = FromWire(reply.inode().fid());
  // Refused only when the session has too many open: then its handle is stale.
  if (!AddOpener(core, op, fid, request.write(), false).ok()) return;
  if (request.write()) LetWrite(core, op, fid);
}

Answer<v1::OpenReply> ServeOpen(Core& core, Op& op, const v1::OpenRequest& request) {
  NACRE_CO_RETURN_IF_ERROR(CheckRequest(request));
  LockTable<Fid>::Held lock;
  Fid locked;
  std::optional<Fid> emptied;
  bool asks_size = false, was_open = false;
  Result<v1::OpenReply> reply = Status(Code::kInternal, "not looked at yet");
  while (true) {
    auto target = FindTarget(core, op, request);
    if (!target.ok()) co_return target.status();
    if (!target->existing) {
      reply = Create(core, op, request, *target);
      break;
    }
    const Fid fid = *target->existing;
    const bool empties = request.truncate() && emptied != fid;
    if (!empties || (locked == fid && !core.openers.IsOpenByOthers(fid, op.opener()))) {
      was_open = core.openers.Has(fid, op.opener());  // by this very request, sent before: the client may have its answer
      const Data data = empties ? Data::kGoes : emptied == fid ? Data::kGone : Data::kStays;
      reply = OpenExisting(core, op, request, *target, data, asks_size);
      break;
    }
    // Who empties a file waits for those who change it through the OSTs, and may do so too; meanwhile the name may come to
    // mean another.
    if (locked == fid) {
      const Status done = co_await EmptyObjects(core, op, request, fid);
      if (!done.ok()) co_return done;
      emptied = fid;
      continue;
    }
    lock.Release();
    locked = *target->existing;
    lock = co_await core.file_locks.Exclusive(locked);
  }
  lock.Release();
  if (!reply.ok() || !asks_size) co_return reply;
  const Status sized = co_await MakeSizeExact(core, *reply->mutable_inode());
  if (sized.ok()) co_return reply;
  if (!was_open) ReleaseOpener(core, FromWire(reply->inode().fid()), op.opener());
  co_return sized;
}

}  // namespace nacre
