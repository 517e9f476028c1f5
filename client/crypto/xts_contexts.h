// XtsContexts: AES-256-XTS under one key, by libgcrypt: twice as fast as OpenSSL 3.0 where the processor has VAES, no slower
// with AES-NI alone (docs/decisions/0009). Any thread: each Lease is one thread's alone, and the lock is taken once a lease
// (once a run of pages), never per page.
// A key's expansion lies in ordinary heap memory while this object lives; it is overwritten with this object's end.
#pragma once

#include <cstdint>
#include <memory>

#include "client/crypto/idle_contexts.h"
#include "common/base/bytes.h"

struct gcry_cipher_handle;

namespace nacre {

class XtsContexts {
  struct Close {
    void operator()(gcry_cipher_handle* context) const;
  };
  using Context = std::unique_ptr<gcry_cipher_handle, Close>;

 public:
  static constexpr size_t kKeyBytes = 64;

  // key: kKeyBytes, outlives this object.
  explicit XtsContexts(ByteView key) : key_(key) {}
  XtsContexts(const XtsContexts&) = delete;
  XtsContexts& operator=(const XtsContexts&) = delete;

  class Lease {
   public:
    explicit Lease(XtsContexts& from) : from_(from), context_(from.Take()) {}
    ~Lease() { from_.idle_.Give(std::move(context_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // One data unit of whole blocks under a 16-byte IV. out gets as many bytes as in has; the same place, or apart.
    void Encrypt(const uint8_t* iv, ByteView in, uint8_t* out);
    void Decrypt(const uint8_t* iv, ByteView in, uint8_t* out);

   private:
    XtsContexts& from_;
    Context context_;
  };

 private:
  Context Take();

  const ByteView key_;
  IdleContexts<Context> idle_;
};

}  // namespace nacre
