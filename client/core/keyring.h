// Keyring: the unlocked master keys of one user, by filesystem and key identifier. Implementations: MemoryKeyring (this
// process) and client/agent/agent_keyring.h (the user's agent process). Any thread; calls may block on a local socket.
#pragma once

#include <string>
#include <vector>

#include "client/crypto/secret_key.h"
#include "common/base/status.h"
#include "common/fs/encryption_context.h"

namespace nacre {

class Keyring {
 public:
  virtual ~Keyring() = default;
  // The caller has checked that identifier is the key's (client/crypto/key_derivation.h). Adding it again is no error.
  virtual Status Add(const std::string& fsid, const KeyIdentifier& identifier, const SecretKey& key) = 0;
  virtual Result<SecretKey> Find(const std::string& fsid, const KeyIdentifier& identifier) = 0;  // kNoKey: locked
  virtual Status Remove(const std::string& fsid, const KeyIdentifier& identifier) = 0;  // kNoKey: was not there
  virtual Result<std::vector<KeyIdentifier>> List(const std::string& fsid) = 0;
};

}  // namespace nacre
