// What the rest of the client sees of keys: a MasterKey, and from it and an inode's context the one cipher that the
// inode needs: pages of a regular file, names of a directory, target of a symlink. No state of its own, any thread.
//
// A create in an encrypted directory costs one nonce, one HKDF expansion and one key schedule, below 5 us together
// (bench/page_cipher_bench). Who opens an inode often keeps its cipher.
#pragma once

#include <memory>

#include "client/crypto/key_derivation.h"
#include "client/crypto/name_cipher.h"
#include "client/crypto/page_cipher.h"
#include "client/crypto/secret_key.h"
#include "client/crypto/symlink_cipher.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/fs/encryption_context.h"

namespace nacre {

// An unlocked master key. Immutable, shared by whoever works below its directories; the last owner's end wipes it.
class MasterKey {
 public:
  // clang-tidy sees no body of KeyDerivation's constructor, which sets all it has.
  // NOLINTNEXTLINE(clang-analyzer-optin.cplusplus.UninitializedObject)
  explicit MasterKey(SecretKey raw) : raw_(std::move(raw)), derivation_(raw_) {}

  const KeyIdentifier& identifier() const { return derivation_.key_identifier(); }
  const KeyDerivation& derivation() const { return derivation_; }
  // For who wraps the key or hands it to the agent.
  const SecretKey& raw() const { return raw_; }

 private:
  const SecretKey raw_;
  const KeyDerivation derivation_;
};

// kWrongKey, before any use of the key, unless the policy names this very master key.
Status CheckKey(const MasterKey& master, const EncryptionPolicy& policy);

// Each answers kWrongKey as CheckKey does.
Result<std::shared_ptr<const PageCipher>> OpenPages(const MasterKey& master, const EncryptionContext& of_file);
Result<std::shared_ptr<const NameCipher>> OpenNames(const MasterKey& master, const EncryptionContext& of_directory);
Result<std::shared_ptr<const SymlinkCipher>> OpenTarget(const MasterKey& master, const EncryptionContext& of_symlink);

// The policy for a directory that is to be encrypted under this key; padding_flag as in EncryptionPolicy.
EncryptionPolicy NewPolicy(const MasterKey& master, NamesMode names_mode = NamesMode::kAes256Cts,
                           uint8_t padding_flag = 3);
// A fresh context: for the directory a policy is set on, and for everything created below it. The nonce makes its key
// its own, so random is a good generator (SystemRandom) outside tests.
EncryptionContext NewContext(const EncryptionPolicy& policy, Random& random);

}  // namespace nacre
