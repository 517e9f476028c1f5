#include "client/core/directory.h"

#include "client/crypto/file_keys.h"
#include "common/fs/nokey_name.h"
#include "common/wire/wire.h"

namespace nacre {
namespace {

Status CheckClearName(std::string_view name) {
  if (name.empty()) return Status(Code::kNotFound, "the empty name");
  if (name.size() > kNameBytesMax) return Status(Code::kNameTooLong, "a name of more than 255 bytes");
  if (name.find('/') != name.npos || name.find('\0') != name.npos) {
    return Status(Code::kInvalid, "a name with '/' or NUL");
  }
  return Status::Ok();
}

}  // namespace

Result<std::shared_ptr<const Directory>> Directory::Open(const Fid& fid, const std::string& context, KeyCache& keys) {
  std::shared_ptr<Directory> directory(new Directory(fid, context));
  if (context.empty()) return std::shared_ptr<const Directory>(directory);
  directory->context_hash_ = ContextHash(AsBytes(context));
  const Result<EncryptionContext> parsed = DecodeContext(AsBytes(context));
  if (!parsed.ok()) return Status(Code::kIntegrity, "directory " + ToString(fid) + ": " + parsed.status().message());
  directory->policy_ = parsed->policy;
  const Result<std::shared_ptr<const MasterKey>> master = keys.Find(parsed->policy.key_identifier);
  if (!master.ok() && master.code() != Code::kNoKey) return master.status();
  if (master.ok()) {
    Result<std::shared_ptr<const NameCipher>> names = OpenNames(**master, *parsed);
    if (!names.ok()) return names.status();
    directory->names_ = *std::move(names);
  }
  return std::shared_ptr<const Directory>(directory);
}

Result<std::shared_ptr<const Directory>> Directory::Open(const v1::Inode& inode, KeyCache& keys) {
  if (inode.attr().type() != v1::FILE_TYPE_DIRECTORY) {
    return Status(Code::kNotDirectory, ToString(FromWire(inode.fid())) + " is not a directory");
  }
  return Open(FromWire(inode.fid()), inode.context(), keys);
}

v1::Parent Directory::AsParent() const {
  v1::Parent parent;
  *parent.mutable_fid() = ToWire(fid_);
  parent.set_context_hash(context_hash_);
  return parent;
}

v1::Parent Directory::ParentOf(const v1::Inode& inode) {
  v1::Parent parent;
  *parent.mutable_fid() = inode.fid();
  if (!inode.context().empty()) parent.set_context_hash(ContextHash(AsBytes(inode.context())));
  return parent;
}

Result<v1::EntryName> Directory::NameToFind(std::string_view name) const {
  if (!locked()) return NameToMake(name);
  const Result<NokeyName> decoded = DecodeNokeyName(name);
  if (!decoded.ok()) return decoded.status();
  v1::EntryName out;
  v1::NoKeyName* no_key = out.mutable_no_key();
  no_key->set_cookie(decoded->cookie);
  no_key->set_prefix(decoded->ciphertext);
  if (decoded->tail_sha256) no_key->set_rest_sha256(ToString(ByteView(*decoded->tail_sha256)));
  return out;
}

Result<v1::EntryName> Directory::NameToMake(std::string_view name) const {
  NACRE_RETURN_IF_ERROR(CheckClearName(name));
  v1::EntryName out;
  if (!encrypted()) {
    out.set_stored(std::string(name));
    return out;
  }
  if (locked()) return Status(Code::kNoKey, "directory " + ToString(fid_) + " is locked, unlock it first");
  Result<std::string> stored = names_->EncryptName(name);
  if (!stored.ok()) return stored.status();
  out.set_stored(*std::move(stored));
  return out;
}

Status Directory::CheckChild(const v1::Inode& child) const {
  const v1::FileType type = child.attr().type();
  const bool has_context =
      type == v1::FILE_TYPE_REGULAR || type == v1::FILE_TYPE_DIRECTORY || type == v1::FILE_TYPE_SYMLINK;
  if (!encrypted() || !has_context) return Status::Ok();
  const Result<EncryptionContext> context = DecodeContext(AsBytes(child.context()));
  if (context.ok() && context->policy == *policy_) return Status::Ok();
  return Status(Code::kIntegrity, "the server shows " + ToString(FromWire(child.fid())) + " without the policy of directory " +
                                      ToString(fid_) + ", which it is in");
}

Result<std::string> Directory::ShownName(uint64_t cookie, std::string_view stored) const {
  if (encrypted() && locked()) return EncodeNokeyName(cookie, AsBytes(stored));
  Result<std::string> shown = encrypted() ? names_->DecryptName(AsBytes(stored)) : std::string(stored);
  if (!shown.ok()) return shown.status();
  // The server is not trusted, and names become local paths: `get -r` must stay below its target.
  if (shown->empty() || *shown == "." || *shown == ".." || shown->find('/') != shown->npos ||
      shown->find('\0') != shown->npos) {
    return Status(Code::kIntegrity, "directory " + ToString(fid_) + ": the server shows an entry with an impossible name");
  }
  return shown;
}

}  // namespace nacre
