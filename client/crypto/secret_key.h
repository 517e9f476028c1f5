// SecretKey: the bytes of a key, in memory that is locked, left out of core dumps, fenced by guard pages and wiped when
// the key dies. Move-only: a key is in one place. It has no formatter and no conversion to text on purpose.
//
// Keys live in slots of shared guarded slabs, because a guarded allocation of its own costs four machine pages and the
// usual limit of locked memory is 8 MiB, while a client may hold a key for each of 100,000 cached files.
// Any thread; one SecretKey is changed by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/random.h"
#include "common/base/status.h"

namespace nacre {

class SecretKey {
 public:
  static constexpr size_t kBytesMin = 32;
  static constexpr size_t kBytesMax = 64;

  // All zero, to be filled through mutable_bytes(); the size is ours and CHECKed.
  explicit SecretKey(size_t size_bytes);
  // A copy of bytes, which the caller wipes. kInvalid for a size outside kBytesMin..kBytesMax.
  static Result<SecretKey> FromBytes(ByteView bytes);
  static SecretKey Generate(Random& random, size_t size_bytes = kBytesMax);

  SecretKey(SecretKey&& other) noexcept
      : slot_(std::exchange(other.slot_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey() { Wipe(); }

  // Empty after a move or Wipe().
  ByteView bytes() const { return {slot_, size_}; }
  MutableBytes mutable_bytes() { return {slot_, size_}; }
  size_t size() const { return size_; }
  void Wipe();

  // In time that depends on the sizes alone.
  friend bool operator==(const SecretKey& left, const SecretKey& right);

 private:
  uint8_t* slot_;
  size_t size_;
};

// How the memory of all keys of this process stands, for `status` and tests.
struct SecretMemoryUse {
  size_t keys = 0;
  size_t slabs = 0;
  size_t slabs_unlocked = 0;  // the limit of locked memory was reached: these may be swapped out
};
SecretMemoryUse GetSecretMemoryUse();

}  // namespace nacre
