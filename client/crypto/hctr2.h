// AES-256-HCTR2 (Crowley, Huckleberry, Biggers, "Length-preserving encryption with HCTR2", 2021): one message of 16
// bytes or more, every byte of the ciphertext depends on every byte of the clear text. Any thread.
// No library of Debian has HCTR2; AES itself is libgcrypt's.
#pragma once

#include "client/crypto/cipher_context.h"
#include "client/crypto/polyval.h"
#include "client/crypto/secret_key.h"
#include "common/base/bytes.h"

namespace nacre {

class Hctr2 {
 public:
  static constexpr size_t kMessageBytesMin = 16;

  // key: 32 bytes, must outlive this object.
  explicit Hctr2(ByteView key);
  // out has as many bytes as in, at least kMessageBytesMin; the same memory or apart.
  void Encrypt(ByteView tweak, ByteView in, MutableBytes out) const;
  void Decrypt(ByteView tweak, ByteView in, MutableBytes out) const;

 private:
  // Encryption and decryption differ only in the direction of the one block cipher call in the middle.
  using Direction = void (CipherContext::*)(const uint8_t* iv, ByteView in, uint8_t* out);
  void Crypt(Direction middle, ByteView tweak, ByteView in, MutableBytes out) const;
  PolyvalElement Hash(ByteView tweak, ByteView tail) const;
  void ApplyKeyStream(CipherContext& cipher, const uint8_t* seed, ByteView in, MutableBytes out) const;

  const ByteView key_;
  SecretKey derived_;  // the hash key E(0), then the mask E(1)
};

}  // namespace nacre
