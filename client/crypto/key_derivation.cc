#include "client/crypto/key_derivation.h"

#include <sodium.h>

#include <cstring>
#include <new>

#include "common/base/check.h"

namespace nacre {
namespace {
constexpr uint8_t kLabel[8] = {'f', 's', 'c', 'r', 'y', 'p', 't', '\0'};
constexpr uint8_t kContextKeyIdentifier = 1, kContextPerFileKey = 2;
constexpr size_t kHashBytes = crypto_auth_hmacsha512_BYTES;
}  // namespace

struct KeyDerivation::Extracted {
  crypto_auth_hmacsha512_state keyed;  // HMAC with the extracted key, nothing hashed yet
};

KeyDerivation::KeyDerivation(const SecretKey& master) {
  NACRE_CHECK(master.size() >= SecretKey::kBytesMin, "a master key that was not wiped");
  extracted_ = static_cast<Extracted*>(sodium_malloc(sizeof(Extracted)));
  if (extracted_ == nullptr) throw std::bad_alloc();
  const uint8_t salt[kHashBytes] = {};  // RFC 5869: no salt means a block of zeros
  uint8_t extracted_key[kHashBytes];
  crypto_auth_hmacsha512_init(&extracted_->keyed, salt, sizeof(salt));
  crypto_auth_hmacsha512_update(&extracted_->keyed, master.bytes().data(), master.size());
  crypto_auth_hmacsha512_final(&extracted_->keyed, extracted_key);
  crypto_auth_hmacsha512_init(&extracted_->keyed, extracted_key, sizeof(extracted_key));
  sodium_memzero(extracted_key, sizeof(extracted_key));
  Expand(kContextKeyIdentifier, {}, identifier_);
  sodium_mprotect_readonly(extracted_);
}

KeyDerivation::~KeyDerivation() { sodium_free(extracted_); }

void KeyDerivation::Expand(uint8_t context, ByteView application_info, MutableBytes out) const {
  NACRE_CHECK(out.size() <= kHashBytes, "one block of HKDF output is enough for every key of ours");
  const uint8_t block_number = 1;
  uint8_t block[kHashBytes];
  crypto_auth_hmacsha512_state state = extracted_->keyed;
  crypto_auth_hmacsha512_update(&state, kLabel, sizeof(kLabel));
  crypto_auth_hmacsha512_update(&state, &context, 1);
  crypto_auth_hmacsha512_update(&state, application_info.data(), application_info.size());
  crypto_auth_hmacsha512_update(&state, &block_number, 1);
  crypto_auth_hmacsha512_final(&state, block);
  std::memcpy(out.data(), block, out.size());
  sodium_memzero(block, sizeof(block));
  sodium_memzero(&state, sizeof(state));
}

SecretKey KeyDerivation::FileKey(const Nonce& nonce, size_t size_bytes) const {
  SecretKey key(size_bytes);
  Expand(kContextPerFileKey, nonce, key.mutable_bytes());
  return key;
}

SecretKey KeyDerivation::ContentsKey(const Nonce& nonce) const { return FileKey(nonce, kContentsKeyBytes); }
SecretKey KeyDerivation::NamesKey(const Nonce& nonce) const { return FileKey(nonce, kNamesKeyBytes); }

}  // namespace nacre
