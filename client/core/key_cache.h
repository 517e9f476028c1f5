// KeyCache: the master keys this client works with, found in the keyring when first needed. A key is looked up again
// after a moment, so a `lock` in another process takes effect here too. Any thread; Find may ask the user's agent over
// its socket.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "client/core/keyring.h"
#include "client/crypto/file_keys.h"
#include "common/base/clock.h"

namespace nacre {

class KeyCache {
 public:
  KeyCache(Keyring& keyring, Clock& clock) : keyring_(keyring), clock_(clock) {}
  void SetFsid(const std::string& raw);  // the 16 bytes

  // kNoKey: locked.
  Result<std::shared_ptr<const MasterKey>> Find(const KeyIdentifier& identifier);
  bool Has(const KeyIdentifier& identifier) { return Find(identifier).ok(); }
  Status Add(const std::shared_ptr<const MasterKey>& key);
  Status Remove(const KeyIdentifier& identifier);
  Result<std::vector<KeyIdentifier>> List();

 private:
  static constexpr Duration kTrustedFor = std::chrono::milliseconds(250);
  struct Known {
    std::shared_ptr<const MasterKey> key;  // null: locked
    MonotonicTime asked;
  };
  std::string fsid() const;

  Keyring& keyring_;
  Clock& clock_;
  mutable std::mutex mutex_;  // guards fsid_, known_; never held while the keyring is asked
  std::string fsid_;
  std::map<KeyIdentifier, Known> known_;
};

}  // namespace nacre
