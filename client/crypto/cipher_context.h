// CipherContext: AES-256 of one mode under one key, by libgcrypt: XTS for pages is twice as fast as OpenSSL 3.0's where the
// processor has VAES (docs/decisions/0009), and a name goes through without the preparation that OpenSSL 3 does anew for each
// (0015). One thread's alone, and short-lived: made for a run of pages or a name, gone with it.
// The key's expansion lies in ordinary heap memory while this object lives; it is overwritten with this object's end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/bytes.h"

struct gcry_cipher_handle;

namespace nacre {

enum class CipherMode {
  kXts,     // pages: a key of two halves, 64 bytes
  kCbcCts,  // names: form CS3, and one block alone is plain CBC, as the kernel's cts(cbc(aes)) has it
  kEcb,     // below HCTR2
};

constexpr size_t CipherKeyBytes(CipherMode mode) { return mode == CipherMode::kXts ? 64 : 32; }

class CipherContext {
 public:
  // key: CipherKeyBytes(mode); not needed afterwards.
  CipherContext(CipherMode mode, ByteView key);
  ~CipherContext();
  CipherContext(const CipherContext&) = delete;
  CipherContext& operator=(const CipherContext&) = delete;

  // One message under a 16-byte IV (null in mode kEcb): whole blocks, but in mode kCbcCts any length from one block on. out
  // gets as many bytes as in has; the same place, or apart.
  void Encrypt(const uint8_t* iv, ByteView in, uint8_t* out);
  void Decrypt(const uint8_t* iv, ByteView in, uint8_t* out);

 private:
  const CipherMode mode_;
  gcry_cipher_handle* const handle_;
};

}  // namespace nacre
