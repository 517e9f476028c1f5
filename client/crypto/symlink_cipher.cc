#include "client/crypto/symlink_cipher.h"

#include <utility>

#include "client/crypto/name_cipher.h"

namespace nacre {
namespace {
constexpr size_t kLengthBytes = 2;

Status Damaged(std::string_view what) {
  return Status(Code::kIntegrity, "an encrypted symlink " + std::string(what));
}
}  // namespace

SymlinkCipher::SymlinkCipher(SecretKey names_key, const EncryptionPolicy& policy)
    : cipher_(std::move(names_key), policy.names_mode), padding_bytes_(policy.padding_bytes()) {}

Result<std::string> SymlinkCipher::EncryptTarget(std::string_view clear_target) const {
  if (clear_target.empty()) return Status(Code::kNotFound, "an empty symlink target");
  if (clear_target.size() > kSymlinkTargetBytesMax) {
    return Status(Code::kNameTooLong,
                  "a symlink target of " + std::to_string(clear_target.size()) + " bytes; 4095 is the most");
  }
  if (clear_target.find('\0') != std::string_view::npos) {
    return Status(Code::kInvalid, "a symlink target with NUL in it");
  }
  const size_t bytes_max =
      clear_target.size() <= kKernelSymlinkTargetBytesMax ? kKernelSymlinkTargetBytesMax : kSymlinkTargetBytesMax;
  const size_t length = PaddedBytes(clear_target.size(), padding_bytes_, bytes_max);
  std::string stored(kLengthBytes + length, '\0');
  stored[0] = static_cast<char>(length & 0xff);
  stored[1] = static_cast<char>(length >> 8);
  stored.replace(kLengthBytes, clear_target.size(), clear_target);
  cipher_.Encrypt({reinterpret_cast<uint8_t*>(&stored[kLengthBytes]), length});
  return stored;
}

Result<std::string> SymlinkCipher::DecryptTarget(ByteView stored) const {
  if (stored.size() < kLengthBytes + MessageCipher::kMessageBytesMin) return Damaged("is too short");
  if (stored.size() > kStoredSymlinkBytesMax) return Damaged("is too long");
  const size_t length = stored[0] | size_t{stored[1]} << 8;
  if (length != stored.size() - kLengthBytes) return Damaged("has another length than it says");
  std::string target = ToString(stored.subspan(kLengthBytes));
  cipher_.Decrypt({reinterpret_cast<uint8_t*>(target.data()), target.size()});
  if (!StripPadding(target)) return Damaged("does not decrypt to a target");
  return target;
}

}  // namespace nacre
