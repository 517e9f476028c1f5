#include "client/core/file_opener.h"

#include <utility>

#include "client/core/file_info.h"

namespace nacre {
namespace {

v1::OpenRequest RequestFor(const FileOpener::Wish& wish) {
  v1::OpenRequest request;
  request.set_read(wish.read);
  request.set_write(wish.write);
  return request;
}

Status IsSymlink() { return Status(Code::kLoop, "a symbolic link"); }

}  // namespace

Status FileOpener::Expected::Check(const v1::Inode& inode) const {
  const Fid shown = FromWire(inode.fid());
  if (shown != fid && parent != nullptr) return parent->CheckChild(inode);
  if (shown == fid && inode.context() == context) return Status::Ok();
  return Status(Code::kIntegrity, "the server opens " + ToString(shown) + " for " + ToString(fid) +
                                      ", or with another encryption context than it was made with");
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::Send(v1::OpenRequest request, Wish wish, Expected expected,
                                                         CallTrace* trace) {
  const Result<v1::OpenReply> reply =
      co_await services_.session->Call(&MdsApi::Open, std::move(request), CallKind::kChange, trace);
  if (!reply.ok()) co_return reply.status();
  const Status fits = expected.Check(reply->inode());
  if (!fits.ok()) {
    services_.session->Forget(trace->xid);
    co_return fits;
  }
  const OpenFile::Handle handle{trace->session, trace->xid, wish.read, wish.write};
  if (wish.raw) co_return OpenFile::MakeRaw(services_, reply->inode(), handle);
  co_return OpenFile::Make(services_, reply->inode(), handle);
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::Create(DirectoryPtr parent, std::string name, Wish wish) {
  CallTrace trace;
  uint64_t granted_in = 0;
  Result<std::shared_ptr<OpenFile>> file = co_await CreateOnce(parent, name, wish, &granted_in, &trace);
  // The server lost the session meanwhile, and the FID's range with it: once more with a FID of the new one.
  const bool lost_range = file.code() == Code::kInvalid && trace.session != granted_in;
  if (lost_range) file = co_await CreateOnce(std::move(parent), std::move(name), std::move(wish), &granted_in, &trace);
  co_return file;
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::CreateOnce(DirectoryPtr parent, std::string name, Wish wish,
                                                               uint64_t* granted_in, CallTrace* trace) {
  Result<v1::EntryName> stored = parent->NameToMake(name);
  if (!stored.ok()) co_return stored.status();
  Result<std::string> context = names_.ContextBelow(*parent);
  if (!context.ok()) co_return context.status();
  const Result<Fid> fid = co_await services_.session->NextFid();
  if (!fid.ok()) co_return fid.status();
  *granted_in = services_.session->number();
  v1::OpenRequest request = RequestFor(wish);
  *request.mutable_parent() = parent->AsParent();
  *request.mutable_name() = *std::move(stored);
  *request.mutable_fid() = ToWire(*fid);
  request.set_create(true);
  // What is there already is looked at before it is truncated: it may be locked.
  request.set_exclusive(wish.exclusive || wish.truncate);
  request.set_mode(wish.mode);
  request.set_context(*context);
  *request.mutable_hint() = wish.hint;
  Expected expected{parent, *fid, *context};
  Result<std::shared_ptr<OpenFile>> file = co_await Send(std::move(request), wish, std::move(expected), trace);
  if (file.code() == Code::kExists && trace->unsure) {
    // Perhaps our own, made before the answer was lost: its FID tells.
    Result<v1::Inode> there = co_await names_.LookupIn(parent, name);
    if (there.ok() && FromWire(there->fid()) == *fid) {
      there->set_context(*std::move(context));
      co_return co_await OpenKnown(*std::move(there), wish);
    }
  }
  co_return file;
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::OpenExisting(DirectoryPtr parent, std::string name, Wish wish) {
  Result<v1::Inode> inode = co_await names_.LookupIn(parent, name);
  if (!inode.ok()) co_return inode.status();
  if (inode->attr().type() == v1::FILE_TYPE_SYMLINK) co_return IsSymlink();
  const Result<std::shared_ptr<OpenFile>> openable = Unopened(*inode);
  if (!openable.ok()) co_return openable.status();
  if (!wish.never.empty() && ToString(FromWire(inode->fid())) == wish.never) {
    co_return Status(Code::kInvalid, "source and target are the same file");
  }
  co_return co_await OpenKnown(*std::move(inode), std::move(wish));
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::OpenIn(DirectoryPtr parent, std::string name, Wish wish) {
  if (wish.create) {
    Result<std::shared_ptr<OpenFile>> file = co_await Create(parent, name, wish);
    const bool was_there = file.code() == Code::kExists && !wish.exclusive && wish.truncate;
    const bool is_link = file.code() == Code::kLoop || file.code() == Code::kInvalid;
    if (!was_there && !is_link) co_return file;
    co_return co_await OpenExisting(std::move(parent), std::move(name), std::move(wish));
  }
  // A locked file is not opened; a truncate must not come before that is known.
  if (parent->locked() || wish.truncate) {
    co_return co_await OpenExisting(std::move(parent), std::move(name), std::move(wish));
  }
  const Result<v1::EntryName> stored = parent->NameToFind(name);
  if (!stored.ok()) co_return stored.status();
  v1::OpenRequest request = RequestFor(wish);
  *request.mutable_parent() = parent->AsParent();
  *request.mutable_name() = *stored;
  const Expected expected{parent, Fid(), std::string()};
  CallTrace trace;
  Result<std::shared_ptr<OpenFile>> file = co_await Send(std::move(request), wish, expected, &trace);
  if (file.code() != Code::kLoop && file.code() != Code::kInvalid) co_return file;
  co_return co_await OpenExisting(std::move(parent), std::move(name), std::move(wish));
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::OpenKnown(v1::Inode known, Wish wish) {
  v1::OpenRequest request = RequestFor(wish);
  *request.mutable_fid() = known.fid();
  request.set_truncate(wish.truncate);
  const Expected expected{nullptr, FromWire(known.fid()), known.context()};
  CallTrace trace;
  co_return co_await Send(std::move(request), std::move(wish), expected, &trace);
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::OpenRaw(std::string path) {
  Result<v1::Inode> inode = co_await names_.Find(std::move(path), Namespace::Last::kFollow);
  if (!inode.ok()) co_return inode.status();
  const Result<std::shared_ptr<OpenFile>> openable = OpenFile::MakeRaw(services_, *inode, OpenFile::Handle{});
  if (!openable.ok()) co_return openable.status();
  Wish wish;
  wish.raw = true;
  co_return co_await OpenKnown(*std::move(inode), std::move(wish));
}

Result<std::shared_ptr<OpenFile>> FileOpener::Unopened(const v1::Inode& inode) {
  return OpenFile::Make(services_, inode, OpenFile::Handle{});
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::Open(std::string path, Wish wish) {
  return names_.WithFreshContexts<Result<std::shared_ptr<OpenFile>>>(
      [this, path = std::move(path), wish = std::move(wish)] { return OpenOnce(path, wish); });
}

Task<Result<std::shared_ptr<OpenFile>>> FileOpener::OpenOnce(std::string path, Wish wish) {
  Result<Namespace::Place> place = co_await names_.Walk(path, Namespace::Last::kLeave);
  if (!place.ok()) co_return place.status();
  if (!place->name.empty() && place->wants_directory && !wish.create) {
    const Result<Namespace::Place> there = co_await names_.Walk(path, Namespace::Last::kFollow);
    if (!there.ok()) co_return there.status();  // nothing, or no directory
  }
  if (place->name.empty() || place->wants_directory) co_return Status(Code::kIsDirectory, "the path names a directory");
  Result<std::shared_ptr<OpenFile>> file = co_await OpenIn(place->parent(), place->name, wish);
  if (file.code() != Code::kLoop || (wish.create && wish.exclusive)) co_return file;
  // The last name is a symlink: go on at its target.
  const Result<v1::Inode> link = co_await names_.LookupIn(place->parent(), place->name);
  if (!link.ok()) co_return link.status();
  if (link->attr().type() != v1::FILE_TYPE_SYMLINK) co_return file;
  const Result<std::string> target = ReadTarget(*link, names_.keys());
  if (!target.ok()) co_return target.status();
  Result<Namespace::Place> end = co_await names_.FollowToEnd(std::move(place->chain), *target);
  if (!end.ok()) co_return end.status();
  if (end->name.empty() || end->wants_directory) co_return Status(Code::kIsDirectory, "the path names a directory");
  co_return co_await OpenIn(end->parent(), end->name, std::move(wish));
}

}  // namespace nacre
