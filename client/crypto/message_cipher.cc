#include "client/crypto/message_cipher.h"

#include <utility>

#include "client/crypto/key_derivation.h"
#include "common/base/check.h"

namespace nacre {
namespace {
constexpr size_t kBlock = 16;
constexpr uint8_t kZeroIv[32] = {};

void CryptAll(CipherContexts& contexts, MutableBytes message) {
  CipherContexts::Lease cipher(contexts);
  cipher.Start(kZeroIv);
  cipher.Update(message, message.data());
}
}  // namespace

MessageCipher::MessageCipher(SecretKey names_key, NamesMode mode)
    : key_(std::move(names_key)),
      encrypting_(CipherAlgorithm::kAes256CbcCts, CipherDirection::kEncrypt, key_.bytes()),
      decrypting_(CipherAlgorithm::kAes256CbcCts, CipherDirection::kDecrypt, key_.bytes()),
      encrypting_block_(CipherAlgorithm::kAes256Cbc, CipherDirection::kEncrypt, key_.bytes()),
      decrypting_block_(CipherAlgorithm::kAes256Cbc, CipherDirection::kDecrypt, key_.bytes()) {
  NACRE_CHECK(key_.size() == KeyDerivation::kNamesKeyBytes, "a names key has 32 bytes");
  if (mode == NamesMode::kAes256Hctr2) hctr2_.emplace(key_.bytes());
}

void MessageCipher::Encrypt(MutableBytes message) const {
  NACRE_CHECK(message.size() >= kMessageBytesMin, "a message has at least a block");
  if (hctr2_.has_value()) return hctr2_->Encrypt(kZeroIv, message, message);
  CryptAll(message.size() == kBlock ? encrypting_block_ : encrypting_, message);
}

void MessageCipher::Decrypt(MutableBytes message) const {
  NACRE_CHECK(message.size() >= kMessageBytesMin, "a message has at least a block");
  if (hctr2_.has_value()) return hctr2_->Decrypt(kZeroIv, message, message);
  CryptAll(message.size() == kBlock ? decrypting_block_ : decrypting_, message);
}

}  // namespace nacre
