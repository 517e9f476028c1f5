// Namespace's requests: each builds one message from what the client knows, and sends it.
#include "client/core/namespace.h"

#include <utility>

#include "client/core/file_info.h"
#include "client/crypto/file_keys.h"

namespace nacre {
namespace {

constexpr uint32_t kReaddirEntries = 1000;

}  // namespace

Result<std::string> Namespace::ContextBelow(const Directory& parent) {
  if (!parent.encrypted()) return std::string();
  if (parent.locked()) {
    return Status(Code::kNoKey, "directory " + ToString(parent.fid()) + " is locked, unlock it first");
  }
  return EncodeContext(NewContext(*parent.policy(), *environment_.random));
}

Task<Result<v1::Inode>> Namespace::LookupIn(DirectoryPtr parent, std::string name) {
  Result<v1::Inode> inode = co_await LookUpUnchecked(parent, std::move(name));
  if (inode.ok()) NACRE_CO_RETURN_IF_ERROR(parent->CheckChild(*inode));
  co_return inode;
}

Task<Result<v1::Inode>> Namespace::LookUpUnchecked(DirectoryPtr parent, std::string name) {
  const Result<v1::EntryName> stored = parent->NameToFind(name);
  if (!stored.ok()) co_return stored.status();
  v1::LookupRequest request;
  *request.mutable_parent() = parent->AsParent();
  *request.mutable_name() = *stored;
  co_return co_await lookups_.Ask(std::move(request));
}

Task<Result<v1::Inode>> Namespace::GetAttr(Fid fid) {
  v1::GetAttrRequest request;
  *request.mutable_fid() = ToWire(fid);
  Result<v1::GetAttrReply> reply = co_await session_->Call(&MdsApi::GetAttr, std::move(request), CallKind::kLook);
  if (!reply.ok()) co_return reply.status();
  co_return std::move(*reply->mutable_inode());
}

Task<Result<v1::ReaddirReply>> Namespace::ReadPage(Fid directory, uint64_t after, bool names_only) {
  v1::ReaddirRequest request;
  *request.mutable_fid() = ToWire(directory);
  request.set_after(after);
  request.set_entries_max(kReaddirEntries);
  request.set_names_only(names_only);
  co_return co_await session_->Call(&MdsApi::Readdir, std::move(request), CallKind::kLook);
}

Task<Result<v1::Inode>> Namespace::Make(DirectoryPtr parent, std::string name, v1::MakeRequest request) {
  const Result<v1::EntryName> stored = parent->NameToMake(name);
  if (!stored.ok()) co_return stored.status();
  *request.mutable_parent() = parent->AsParent();
  *request.mutable_name() = *stored;
  const std::string context = request.context();
  Result<Fid> fid = co_await session_->NextFid();
  if (!fid.ok()) co_return fid.status();
  const uint64_t granted_in = session_->number();
  *request.mutable_fid() = ToWire(*fid);
  CallTrace trace;
  Result<v1::MakeReply> reply = co_await session_->Call(&MdsApi::Make, request, CallKind::kChange, &trace);
  if (reply.code() == Code::kInvalid && trace.session != granted_in) {
    // The server lost the session meanwhile, and the FID's range with it.
    fid = co_await session_->NextFid();
    if (!fid.ok()) co_return fid.status();
    *request.mutable_fid() = ToWire(*fid);
    reply = co_await session_->Call(&MdsApi::Make, request, CallKind::kChange, &trace);
  }
  Result<v1::Inode> made = reply.ok() ? Result<v1::Inode>(std::move(*reply->mutable_inode())) : reply.status();
  if (made.code() == Code::kExists && trace.unsure) {
    // Perhaps our own, made before the answer was lost: its FID tells.
    Result<v1::Inode> there = co_await LookupIn(parent, name);
    if (there.ok() && FromWire(there->fid()) == *fid) made = std::move(there);
  }
  if (made.ok() && made->context() != context) {
    co_return Status(Code::kIntegrity, "the server made " + ToString(*fid) + " with another encryption context than was sent");
  }
  co_return made;
}

Task<Result<v1::Inode>> Namespace::MakeDirectoryIn(DirectoryPtr parent, std::string name, uint32_t mode) {
  Result<std::string> context = ContextBelow(*parent);
  if (!context.ok()) co_return context.status();
  co_return co_await MakeEncryptedIn(std::move(parent), std::move(name), mode, *std::move(context));
}

Task<Result<v1::Inode>> Namespace::MakeEncryptedIn(DirectoryPtr parent, std::string name, uint32_t mode,
                                                   std::string context) {
  v1::MakeRequest request;
  request.set_type(v1::FILE_TYPE_DIRECTORY);
  request.set_mode(mode);
  request.set_context(std::move(context));
  return Make(std::move(parent), std::move(name), std::move(request));
}

Task<Result<v1::Inode>> Namespace::MakeSymlinkIn(DirectoryPtr parent, std::string name, std::string target) {
  if (target.empty()) co_return Status(Code::kNotFound, "a symlink with an empty target");
  if (target.size() > kSymlinkTargetBytesMax) co_return Status(Code::kNameTooLong, "a symlink target above 4095 bytes");
  if (target.find('\0') != target.npos) co_return Status(Code::kInvalid, "a symlink target with NUL");
  const Result<std::string> context = ContextBelow(*parent);
  if (!context.ok()) co_return context.status();
  v1::MakeRequest request;
  request.set_type(v1::FILE_TYPE_SYMLINK);
  request.set_mode(0777);
  request.set_symlink_size(static_cast<uint32_t>(target.size()));
  if (context->empty()) {
    request.set_symlink_target(std::move(target));
  } else {
    const Result<EncryptionContext> parsed = DecodeContext(AsBytes(*context));
    if (!parsed.ok()) co_return parsed.status();
    const Result<std::shared_ptr<const MasterKey>> master = keys_.Find(parsed->policy.key_identifier);
    if (!master.ok()) co_return master.status();
    const Result<std::shared_ptr<const SymlinkCipher>> cipher = OpenTarget(**master, *parsed);
    if (!cipher.ok()) co_return cipher.status();
    Result<std::string> stored = (*cipher)->EncryptTarget(target);
    if (!stored.ok()) co_return stored.status();
    request.set_symlink_target(*std::move(stored));
    request.set_context(*context);
  }
  co_return co_await Make(std::move(parent), std::move(name), std::move(request));
}

Task<Result<v1::Inode>> Namespace::MakeNodeIn(DirectoryPtr parent, std::string name, v1::FileType type, uint32_t mode,
                                              uint64_t rdev) {
  // Special files have no content and no context, as in the kernel; their names are encrypted all the same.
  v1::MakeRequest request;
  request.set_type(type);
  request.set_mode(mode);
  request.set_rdev(rdev);
  return Make(std::move(parent), std::move(name), std::move(request));
}

Task<Status> Namespace::LinkIn(Fid fid, DirectoryPtr parent, std::string name) {
  const Result<v1::EntryName> stored = parent->NameToMake(name);
  if (!stored.ok()) co_return stored.status();
  v1::LinkRequest request;
  *request.mutable_fid() = ToWire(fid);
  *request.mutable_parent() = parent->AsParent();
  *request.mutable_name() = *stored;
  CallTrace trace;
  const Result<v1::LinkReply> reply =
      co_await session_->Call(&MdsApi::Link, std::move(request), CallKind::kChange, &trace);
  if (reply.code() == Code::kExists && trace.unsure) {
    const Result<v1::Inode> there = co_await LookupIn(parent, name);
    if (there.ok() && FromWire(there->fid()) == fid) co_return Status::Ok();
  }
  co_return reply.status();
}

Task<Status> Namespace::UnlinkIn(v1::Parent parent, v1::EntryName name, bool directory) {
  v1::UnlinkRequest request;
  *request.mutable_parent() = std::move(parent);
  *request.mutable_name() = std::move(name);
  request.set_directory(directory);
  CallTrace trace;
  const Result<v1::UnlinkReply> reply =
      co_await session_->Call(&MdsApi::Unlink, std::move(request), CallKind::kChange, &trace);
  // Gone is what was wanted; whether by our first try cannot be told.
  if (reply.code() == Code::kNotFound && trace.unsure) co_return Status::Ok();
  co_return reply.status();
}

Task<Result<v1::Inode>> Namespace::SetAttr(v1::SetAttrRequest request) {
  Result<v1::SetAttrReply> reply = co_await session_->Call(&MdsApi::SetAttr, std::move(request), CallKind::kChange);
  if (!reply.ok()) co_return reply.status();
  co_return std::move(*reply->mutable_inode());
}

Task<Result<v1::GetXattrsReply>> Namespace::GetXattrs(Fid fid, std::string name) {
  v1::GetXattrsRequest request;
  *request.mutable_fid() = ToWire(fid);
  request.set_name(std::move(name));
  return session_->Call(&MdsApi::GetXattrs, std::move(request), CallKind::kLook);
}

Task<Status> Namespace::SetXattr(v1::SetXattrRequest request) {
  const Result<v1::SetXattrReply> reply =
      co_await session_->Call(&MdsApi::SetXattr, std::move(request), CallKind::kChange);
  co_return reply.status();
}

}  // namespace nacre
