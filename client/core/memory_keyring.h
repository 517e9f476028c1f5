// MemoryKeyring: unlocked keys that live and die with this process. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "client/core/keyring.h"

namespace nacre {

class MemoryKeyring final : public Keyring {
 public:
  Status Add(const std::string& fsid, const KeyIdentifier& identifier, const SecretKey& key) override {
    Result<SecretKey> copy = SecretKey::FromBytes(key.bytes());
    if (!copy.ok()) return copy.status();
    std::lock_guard lock(mutex_);
    keys_.insert_or_assign({fsid, identifier}, *std::move(copy));
    return Status::Ok();
  }
  Result<SecretKey> Find(const std::string& fsid, const KeyIdentifier& identifier) override {
    std::lock_guard lock(mutex_);
    const auto found = keys_.find({fsid, identifier});
    if (found == keys_.end()) return Status(Code::kNoKey, "the key is not unlocked in this process");
    return SecretKey::FromBytes(found->second.bytes());
  }
  Status Remove(const std::string& fsid, const KeyIdentifier& identifier) override {
    std::lock_guard lock(mutex_);
    if (keys_.erase({fsid, identifier}) == 0) return Status(Code::kNoKey, "was not unlocked in this process");
    return Status::Ok();
  }
  Result<std::vector<KeyIdentifier>> List(const std::string& fsid) override {
    std::lock_guard lock(mutex_);
    std::vector<KeyIdentifier> identifiers;
    for (const auto& [key, value] : keys_) {
      if (key.first == fsid) identifiers.push_back(key.second);
    }
    return identifiers;
  }

 private:
  std::mutex mutex_;  // guards keys_
  std::map<std::pair<std::string, KeyIdentifier>, SecretKey> keys_;
};

}  // namespace nacre
