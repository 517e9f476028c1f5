#include "client/core/key_cache.h"

#include <utility>

namespace nacre {
namespace {

Status Locked() { return Status(Code::kNoKey, "locked: its key is not here, unlock it first"); }

}  // namespace

void KeyCache::SetFsid(const std::string& raw) {
  const std::string fsid = ToHex(AsBytes(raw));  // as people and the agent know it
  std::lock_guard lock(mutex_);
  if (fsid_ == fsid) return;
  fsid_ = fsid;
  known_.clear();
}

std::string KeyCache::fsid() const {
  std::lock_guard lock(mutex_);
  return fsid_;
}

Result<std::shared_ptr<const MasterKey>> KeyCache::Find(const KeyIdentifier& identifier) {
  const MonotonicTime now = clock_.Now();
  std::shared_ptr<const MasterKey> before;
  {
    std::lock_guard lock(mutex_);
    const auto known = known_.find(identifier);
    if (known != known_.end()) {
      before = known->second.key;
      if (now - known->second.asked < kTrustedFor) {
        if (before == nullptr) return Locked();
        return before;
      }
    }
  }
  Result<SecretKey> raw = keyring_.Find(fsid(), identifier);
  if (!raw.ok() && raw.code() != Code::kNoKey) return raw.status().With("asking for a key");
  std::shared_ptr<const MasterKey> key;
  if (raw.ok()) {
    key = before != nullptr ? before : std::make_shared<const MasterKey>(*std::move(raw));
    if (key->identifier() != identifier) return Status(Code::kWrongKey, "the keyring gave another key than was asked");
  }
  std::lock_guard lock(mutex_);
  known_[identifier] = Known{key, now};
  if (key == nullptr) return Locked();
  return key;
}

Status KeyCache::Add(const std::shared_ptr<const MasterKey>& key) {
  NACRE_RETURN_IF_ERROR(keyring_.Add(fsid(), key->identifier(), key->raw()));
  std::lock_guard lock(mutex_);
  known_[key->identifier()] = Known{key, clock_.Now()};
  return Status::Ok();
}

Status KeyCache::Remove(const KeyIdentifier& identifier) {
  {
    std::lock_guard lock(mutex_);
    known_.erase(identifier);
  }
  return keyring_.Remove(fsid(), identifier);
}

Result<std::vector<KeyIdentifier>> KeyCache::List() { return keyring_.List(fsid()); }

}  // namespace nacre
