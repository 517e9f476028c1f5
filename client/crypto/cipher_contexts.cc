#include "client/crypto/cipher_contexts.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <utility>

namespace nacre {
namespace {

// Fetched once: OpenSSL 3 searches its providers at each use of the old EVP_aes_256_cbc() names.
const EVP_CIPHER* Fetched(CipherAlgorithm algorithm) {
  static const std::array<EVP_CIPHER*, 3> all = [] {
    std::array<EVP_CIPHER*, 3> ciphers{};
    const char* const names[] = {"AES-256-CBC", "AES-256-CBC-CTS", "AES-256-ECB"};
    for (size_t i = 0; i < ciphers.size(); ++i) {
      ciphers[i] = EVP_CIPHER_fetch(nullptr, names[i], nullptr);
      NACRE_CHECK(ciphers[i] != nullptr, "OpenSSL has no cipher of this name");
    }
    return ciphers;
  }();
  return all[static_cast<size_t>(algorithm)];
}

}  // namespace

CipherContexts::Context CipherContexts::MakeContext() const {
  const EVP_CIPHER* cipher = Fetched(algorithm_);
  NACRE_CHECK(static_cast<size_t>(EVP_CIPHER_get_key_length(cipher)) == key_.size(), "key size of the cipher");
  Context context(EVP_CIPHER_CTX_new());
  NACRE_CHECK(context != nullptr, "OpenSSL makes a context");
  // CS3 swaps the last two blocks always: the form that the kernel's cts(cbc(aes)) has.
  char cs3[] = OSSL_CIPHER_CTS_MODE_CS3;
  const OSSL_PARAM cts_params[] = {OSSL_PARAM_construct_utf8_string(OSSL_CIPHER_PARAM_CTS_MODE, cs3, 0),
                                   OSSL_PARAM_construct_end()};
  const OSSL_PARAM* params = algorithm_ == CipherAlgorithm::kAes256CbcCts ? cts_params : nullptr;
  const int encrypt = static_cast<int>(direction_);
  NACRE_CHECK(EVP_CipherInit_ex2(context.get(), cipher, key_.data(), nullptr, encrypt, params) == 1,
              "OpenSSL takes the key");
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  return context;
}

CipherContexts::Context CipherContexts::Take() {
  if (Context idle = idle_.Take()) return idle;
  return MakeContext();
}

}  // namespace nacre
