// CipherContexts: OpenSSL contexts of one key and one direction, for names and symlink targets (pages: xts_contexts.h).
// Any thread: each Lease is one thread's alone.
// OpenSSL wipes the expanded keys when a context is freed; while it lives they lie in ordinary heap memory.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "client/crypto/idle_contexts.h"
#include "common/base/bytes.h"
#include "common/base/check.h"

namespace nacre {

enum class CipherDirection : int { kDecrypt = 0, kEncrypt = 1 };

// The algorithms, fetched from OpenSSL's provider once for the whole process.
enum class CipherAlgorithm { kAes256Cbc, kAes256CbcCts, kAes256Ecb };

class CipherContexts {
 public:
  // key must outlive this object and have the size that the algorithm takes.
  CipherContexts(CipherAlgorithm algorithm, CipherDirection direction, ByteView key)
      : algorithm_(algorithm), direction_(direction), key_(key) {}
  CipherContexts(const CipherContexts&) = delete;
  CipherContexts& operator=(const CipherContexts&) = delete;

  class Lease {
   public:
    explicit Lease(CipherContexts& from)
        : from_(from), context_(from.Take()), direction_(static_cast<int>(from.direction_)) {}
    ~Lease() { from_.idle_.Give(std::move(context_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // Starts a message: iv is 16 bytes, or null for a mode without.
    void Start(const uint8_t* iv) {
      NACRE_CHECK(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, iv, direction_) == 1,
                  "OpenSSL takes the IV");
    }
    // Without padding: out gets as many bytes as in has. in and out are the same or do not overlap.
    void Update(ByteView in, uint8_t* out) {
      int written = 0;
      NACRE_CHECK(EVP_CipherUpdate(context_.get(), out, &written, in.data(), static_cast<int>(in.size())) == 1 &&
                      static_cast<size_t>(written) == in.size(),
                  "the cipher takes whole messages");
    }

   private:
    struct Free {
      void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    };
    friend class CipherContexts;
    CipherContexts& from_;
    std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
    const int direction_;
  };

 private:
  using Context = std::unique_ptr<EVP_CIPHER_CTX, Lease::Free>;
  Context Take();
  Context MakeContext() const;

  const CipherAlgorithm algorithm_;
  const CipherDirection direction_;
  const ByteView key_;
  IdleContexts<Context> idle_;
};

}  // namespace nacre
