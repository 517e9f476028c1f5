#include "mds/core/names.h"

#include "common/fs/encryption_context.h"
#include "common/wire/wire.h"

namespace nacre {
namespace {

// Every fscrypt name cipher makes at least one cipher block; less is clear text that must not come here.
constexpr size_t kEncryptedNameBytesMin = 16;

bool BearsContext(v1::FileType type) {
  return type == v1::FILE_TYPE_REGULAR || type == v1::FILE_TYPE_DIRECTORY || type == v1::FILE_TYPE_SYMLINK;
}

}  // namespace

Status CheckNameToStore(const std::string& directory_context, const std::string& name) {
  if (name.empty()) return Status(Code::kInvalid, "an empty name");
  if (name.size() > kNameBytesMax) {
    return Status(Code::kNameTooLong, "a name of " + std::to_string(name.size()) + " bytes, 255 is the most");
  }
  if (!directory_context.empty()) {
    if (name.size() >= kEncryptedNameBytesMin) return Status::Ok();
    return Status(Code::kInvalid, "a name in an encrypted directory is ciphertext of at least 16 bytes");
  }
  if (name == "." || name == "..") return Status(Code::kInvalid, "'.' and '..' are not entries");
  if (name.find('/') != std::string::npos || name.find('\0') != std::string::npos) {
    return Status(Code::kInvalid, "a name with '/' or NUL");
  }
  return Status::Ok();
}

Result<ParentDirectory> LoadDirectory(Core& core, Op& op, const Fid& fid, uint32_t access) {
  (void)core;
  auto row = op.Find(fid);
  if (!row.ok()) return row.status();
  if (!IsDirectory(**row)) return Status(Code::kNotDirectory, "inode " + ToString(fid) + " is not a directory");
  if (!MayAccess(OwnershipOf(**row), op.caller(), access)) {
    return Status(Code::kAccessDenied, "the mode of directory " + ToString(fid) + " does not let you");
  }
  return ParentDirectory{.fid = fid, .row = *std::move(row)};
}

Result<ParentDirectory> LoadParent(Core& core, Op& op, const v1::Parent& parent, uint32_t access) {
  auto directory = LoadDirectory(core, op, FromWire(parent.fid()), access);
  if (!directory.ok()) return directory;
  const std::string& context = directory->row->context();
  if (context.empty() ? !parent.context_hash().empty() : parent.context_hash() != ContextHash(AsBytes(context))) {
    return Status(Code::kContextChanged, "the encryption policy of directory " + ToString(directory->fid) +
                                             " is not what the request was made for");
  }
  return directory;
}

Result<Dirent> FindEntry(Core& core, Op& op, const ParentDirectory& directory, const v1::EntryName& name) {
  std::optional<Dirent> found;
  switch (name.kind_case()) {
    case v1::EntryName::kStored: {
      // Whatever is stored can be found, and removed, also where the directory's context is damaged.
      auto place = core.dirents.Find(directory.fid, directory.row->salt(), name.stored());
      if (!place.ok()) return place.status();
      op.ReliesOnName(directory.fid, place->hash);
      found = std::move(place->entry);
      break;
    }
    case v1::EntryName::kNoKey: {
      if (!directory.encrypted()) return Status(Code::kInvalid, "a no-key name in a plain directory");
      auto entry = core.dirents.FindNoKey(directory.fid, name.no_key());
      if (!entry.ok()) return entry.status();
      op.ReliesOnNames(directory.fid);
      found = *std::move(entry);
      break;
    }
    case v1::EntryName::KIND_NOT_SET:
      return Status(Code::kInvalid, "a request without the name it needs");
  }
  if (!found) return Status(Code::kNotFound, "no such entry in directory " + ToString(directory.fid));
  return *std::move(found);
}

Result<DirentPlace> FindPlace(Core& core, Op& op, const ParentDirectory& directory, const v1::EntryName& name) {
  if (name.kind_case() == v1::EntryName::kNoKey) {
    return Status(Code::kNoKey, "directory " + ToString(directory.fid) + " is locked: nothing can be named in it");
  }
  if (name.kind_case() != v1::EntryName::kStored) return Status(Code::kInvalid, "a request without the name it needs");
  NACRE_RETURN_IF_ERROR(CheckNameToStore(directory.row->context(), name.stored()));
  auto place = core.dirents.Find(directory.fid, directory.row->salt(), name.stored());
  if (!place.ok()) return place;
  op.ReliesOnName(directory.fid, place->hash);
  return place;
}

Status CheckBirthContext(const ParentDirectory& parent, v1::FileType type, const std::string& context) {
  if (!context.empty()) {
    if (!BearsContext(type)) return Status(Code::kInvalid, "a special file bears no encryption context");
    const auto decoded = DecodeContext(AsBytes(context));
    if (!decoded.ok()) return decoded.status();
  }
  if (!parent.encrypted()) {
    if (context.empty() || type == v1::FILE_TYPE_DIRECTORY) return Status::Ok();
    return Status(Code::kInvalid, "a file in a plain directory bears no encryption context");
  }
  if (!BearsContext(type)) return Status::Ok();
  switch (CheckInheritance(AsBytes(parent.row->context()), AsBytes(context))) {
    case Inheritance::kMissing:
      return Status(Code::kNotPermitted, "directory " + ToString(parent.fid) +
                                             " is encrypted: nothing is made in it without an encryption context");
    case Inheritance::kOtherPolicy:
      return Status(Code::kCrossPolicy, "the new inode's policy is not that of directory " + ToString(parent.fid));
    case Inheritance::kFits:
      break;
  }
  if (context == parent.row->context()) {
    return Status(Code::kInvalid, "the new inode has the nonce of directory " + ToString(parent.fid));
  }
  return Status::Ok();
}

Status CheckArrivalContext(const ParentDirectory& parent, const rows::InodeRow& row) {
  if (!parent.encrypted() || !BearsContext(row.attr().type())) return Status::Ok();
  if (CheckInheritance(AsBytes(parent.row->context()), AsBytes(row.context())) == Inheritance::kFits) {
    return Status::Ok();
  }
  return Status(Code::kCrossPolicy, "directory " + ToString(parent.fid) + " has another encryption policy: copy instead");
}

}  // namespace nacre
