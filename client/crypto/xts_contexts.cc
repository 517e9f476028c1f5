#include "client/crypto/xts_contexts.h"

#include <gcrypt.h>

#include "common/base/check.h"

namespace nacre {
namespace {

constexpr size_t kIvBytes = 16;

// libgcrypt wants this before its first use in a process. Its own locked memory stays unused: contexts are many, and come
// and go with files. Whoever of the process's other parts was here first has decided.
bool StartLibgcrypt() {
  if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0) return true;
  if (gcry_check_version("1.10.0") == nullptr) return false;
  gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
  return true;
}

void Start(gcry_cipher_hd_t context, const uint8_t* iv) {
  NACRE_CHECK(gcry_cipher_setiv(context, iv, kIvBytes) == 0, "libgcrypt takes the IV");
}

}  // namespace

void XtsContexts::Close::operator()(gcry_cipher_handle* context) const { gcry_cipher_close(context); }

XtsContexts::Context XtsContexts::Take() {
  if (Context idle = idle_.Take()) return idle;
  static const bool started = StartLibgcrypt();
  NACRE_CHECK(started, "libgcrypt is 1.10 or newer");
  NACRE_CHECK(key_.size() == kKeyBytes, "an AES-256-XTS key has 64 bytes");
  gcry_cipher_hd_t made = nullptr;
  NACRE_CHECK(gcry_cipher_open(&made, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_XTS, 0) == 0, "libgcrypt makes a context");
  Context context(made);
  NACRE_CHECK(gcry_cipher_setkey(made, key_.data(), key_.size()) == 0, "libgcrypt takes the key");
  return context;
}

void XtsContexts::Lease::Encrypt(const uint8_t* iv, ByteView in, uint8_t* out) {
  Start(context_.get(), iv);
  NACRE_CHECK(gcry_cipher_encrypt(context_.get(), out, in.size(), in.data(), in.size()) == 0, "libgcrypt encrypts");
}

void XtsContexts::Lease::Decrypt(const uint8_t* iv, ByteView in, uint8_t* out) {
  Start(context_.get(), iv);
  NACRE_CHECK(gcry_cipher_decrypt(context_.get(), out, in.size(), in.data(), in.size()) == 0, "libgcrypt decrypts");
}

}  // namespace nacre
