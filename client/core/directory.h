// Directory: a directory as a path walk knows it: FID, context, and the cipher of its names while it is unlocked. Turns
// names people use into what goes to the server and back. Immutable, any thread; asks nobody.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/core/key_cache.h"
#include "client/crypto/name_cipher.h"
#include "common/fs/encryption_context.h"
#include "common/fs/fid.h"
#include "mds.pb.h"

namespace nacre {

class Directory {
 public:
  // kIntegrity for a context that cannot be one; a locked directory is no error.
  static Result<std::shared_ptr<const Directory>> Open(const Fid& fid, const std::string& context, KeyCache& keys);
  static Result<std::shared_ptr<const Directory>> Open(const v1::Inode& inode, KeyCache& keys);

  const Fid& fid() const { return fid_; }
  const std::string& context() const { return context_; }
  bool encrypted() const { return policy_.has_value(); }
  bool locked() const { return encrypted() && names_ == nullptr; }
  const std::optional<EncryptionPolicy>& policy() const { return policy_; }
  v1::Parent AsParent() const;
  // The same of one that need not be opened: its context may be no context.
  static v1::Parent ParentOf(const v1::Inode& inode);

  // A name to look for. In a locked directory a no-key name; other text names nothing there: kNotFound.
  Result<v1::EntryName> NameToFind(std::string_view name) const;
  // A name to make: kNoKey in a locked directory.
  Result<v1::EntryName> NameToMake(std::string_view name) const;
  // Is this inode one that an entry here may lead to? Below a policy every file, directory and symlink has that policy, as
  // with the kernel's fscrypt_has_permitted_context(); kIntegrity otherwise. A server that left a context out would be
  // sent clear text.
  Status CheckChild(const v1::Inode& child) const;
  // What people see: the clear name, or the no-key name when locked. kIntegrity for one that no entry can have.
  Result<std::string> ShownName(uint64_t cookie, std::string_view stored) const;

 private:
  Directory(const Fid& fid, const std::string& context) : fid_(fid), context_(context) {}

  const Fid fid_;
  const std::string context_;
  std::string context_hash_;
  std::optional<EncryptionPolicy> policy_;
  std::shared_ptr<const NameCipher> names_;
};

}  // namespace nacre
