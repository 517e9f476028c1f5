#include "client/crypto/message_cipher.h"

#include <utility>

#include "client/crypto/cipher_context.h"
#include "common/base/check.h"

namespace nacre {
namespace {
constexpr uint8_t kZeroIv[32] = {};
}  // namespace

MessageCipher::MessageCipher(SecretKey names_key, NamesMode mode) : key_(std::move(names_key)) {
  NACRE_CHECK(key_.size() == CipherKeyBytes(CipherMode::kCbcCts), "a names key has 32 bytes");
  if (mode == NamesMode::kAes256Hctr2) hctr2_.emplace(key_.bytes());
}

void MessageCipher::Encrypt(MutableBytes message) const {
  NACRE_CHECK(message.size() >= kMessageBytesMin, "a message has at least a block");
  if (hctr2_.has_value()) return hctr2_->Encrypt(kZeroIv, message, message);
  CipherContext(CipherMode::kCbcCts, key_.bytes()).Encrypt(kZeroIv, message, message.data());
}

void MessageCipher::Decrypt(MutableBytes message) const {
  NACRE_CHECK(message.size() >= kMessageBytesMin, "a message has at least a block");
  if (hctr2_.has_value()) return hctr2_->Decrypt(kZeroIv, message, message);
  CipherContext(CipherMode::kCbcCts, key_.bytes()).Decrypt(kZeroIv, message, message.data());
}

}  // namespace nacre
