// What the tests of client/crypto share: repeatable bytes and keys.
#pragma once

#include <cstdint>
#include <string>

#include "client/crypto/secret_key.h"
#include "common/base/bytes.h"
#include "common/base/random.h"
#include "tests/unit/client/crypto/textbook.h"

namespace nacre {

inline std::string RandomText(SeededRandom& random, size_t bytes) {
  std::string out(bytes, '\0');
  random.Fill({reinterpret_cast<uint8_t*>(out.data()), out.size()});
  return out;
}

inline SecretKey KeyOf(std::string_view bytes) { return SecretKey::FromBytes(AsBytes(bytes)).value(); }
// 0x01, 0x02, ...: the master key of the known vectors.
inline SecretKey CountingKey(size_t bytes = 64) {
  SecretKey key(bytes);
  for (size_t i = 0; i < bytes; ++i) key.mutable_bytes()[i] = static_cast<uint8_t>(i + 1);
  return key;
}

inline textbook::Bytes Book(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
inline textbook::Bytes Book(std::string_view text) { return Book(AsBytes(text)); }
inline std::string Text(const textbook::Bytes& bytes) { return ToString(ByteView(bytes.data(), bytes.size())); }

}  // namespace nacre
