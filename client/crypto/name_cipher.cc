#include "client/crypto/name_cipher.h"

#include <algorithm>
#include <utility>

namespace nacre {
namespace {
bool IsDotOrDotDot(std::string_view name) { return name == "." || name == ".."; }

MutableBytes Bytes(std::string& text) { return {reinterpret_cast<uint8_t*>(text.data()), text.size()}; }
}  // namespace

size_t PaddedBytes(size_t text_bytes, size_t padding_bytes, size_t bytes_max) {
  const size_t least = std::max(text_bytes, MessageCipher::kMessageBytesMin);
  const size_t padded = (least + padding_bytes - 1) / padding_bytes * padding_bytes;
  return std::min(padded, bytes_max);
}

bool StripPadding(std::string& text) {
  const size_t end = std::min(text.find('\0'), text.size());
  if (text.find_first_not_of('\0', end) != std::string::npos) return false;
  text.resize(end);
  return end > 0;
}

NameCipher::NameCipher(SecretKey names_key, const EncryptionPolicy& policy)
    : cipher_(std::move(names_key), policy.names_mode), padding_bytes_(policy.padding_bytes()) {}

Result<std::string> NameCipher::EncryptName(std::string_view clear_name) const {
  if (clear_name.size() > kNameBytesMax) {
    return Status(Code::kNameTooLong, "a name of " + std::to_string(clear_name.size()) + " bytes; 255 is the most");
  }
  if (clear_name.empty()) return Status(Code::kInvalid, "an empty name");
  if (clear_name.find('/') != std::string_view::npos || clear_name.find('\0') != std::string_view::npos) {
    return Status(Code::kInvalid, "a name with '/' or NUL in it");
  }
  std::string name(clear_name);
  if (IsDotOrDotDot(name)) return Status(Code::kInvalid, "no entry has the name '.' or '..'");
  name.resize(PaddedBytes(name.size(), padding_bytes_, kNameBytesMax), '\0');
  cipher_.Encrypt(Bytes(name));
  return name;
}

Result<std::string> NameCipher::DecryptName(ByteView stored_name) const {
  std::string name = ToString(stored_name);
  if (name.size() < MessageCipher::kMessageBytesMin || name.size() > kNameBytesMax ||
      (name.size() % padding_bytes_ != 0 && name.size() != kNameBytesMax)) {
    return Status(Code::kIntegrity, "an encrypted name of " + std::to_string(name.size()) + " bytes");
  }
  cipher_.Decrypt(Bytes(name));
  if (!StripPadding(name) || name.find('/') != std::string::npos || IsDotOrDotDot(name)) {
    return Status(Code::kIntegrity, "an encrypted name does not decrypt to a name");
  }
  return name;
}

}  // namespace nacre
