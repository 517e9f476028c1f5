// CipherContexts: AES-256 of one mode under one key, by libgcrypt: XTS for pages is twice as fast as OpenSSL 3.0's where the
// processor has VAES (docs/decisions/0009), and a name goes through without the preparation that OpenSSL 3 does anew for each.
// Any thread: each Lease is one thread's alone, and the lock is taken once a lease (once a run of pages), never per page.
// A key's expansion lies in ordinary heap memory while this object lives; it is overwritten with this object's end.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "client/crypto/idle_contexts.h"
#include "common/base/bytes.h"

struct gcry_cipher_handle;

namespace nacre {

enum class CipherMode {
  kXts,     // pages: a key of two halves, 64 bytes
  kCbcCts,  // names: form CS3, and one block alone is plain CBC, as the kernel's cts(cbc(aes)) has it
  kEcb,     // below HCTR2
};

constexpr size_t CipherKeyBytes(CipherMode mode) { return mode == CipherMode::kXts ? 64 : 32; }

struct CloseCipherContext {
  CipherMode mode{};
  void operator()(gcry_cipher_handle* context) const;
};

class CipherContexts {
  using Context = std::unique_ptr<gcry_cipher_handle, CloseCipherContext>;

 public:
  // key: CipherKeyBytes(mode), outlives this object.
  CipherContexts(CipherMode mode, ByteView key);
  CipherContexts(const CipherContexts&) = delete;
  CipherContexts& operator=(const CipherContexts&) = delete;

  class Lease {
   public:
    explicit Lease(CipherContexts& from) : from_(from), context_(from.Take()) {}
    ~Lease() { from_.idle_.Give(std::move(context_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // One message under a 16-byte IV (null in mode kEcb): whole blocks, but in mode kCbcCts any length from one block on. out
    // gets as many bytes as in has; the same place, or apart.
    void Encrypt(const uint8_t* iv, ByteView in, uint8_t* out);
    void Decrypt(const uint8_t* iv, ByteView in, uint8_t* out);

   private:
    CipherContexts& from_;
    Context context_;
  };

 private:
  Context Take();

  const CipherMode mode_;
  const ByteView key_;
  IdleContexts<Context> idle_;
};

}  // namespace nacre
