#include "client/crypto/cipher_context.h"

#include <gcrypt.h>

#include <array>
#include <mutex>

#include "common/base/check.h"

namespace nacre {
namespace {

constexpr size_t kIvBytes = 16;
constexpr size_t kModes = 3;

// libgcrypt wants this before its first use in a process. Its own locked memory stays unused: a key is expanded for one call
// only. Whoever of the process's other parts was here first has decided.
bool StartLibgcrypt() {
  if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0) return true;
  if (gcry_check_version("1.10.0") == nullptr) return false;
  gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
  return true;
}

void Start(gcry_cipher_hd_t handle, const uint8_t* iv) {
  if (iv != nullptr) NACRE_CHECK(gcry_cipher_setiv(handle, iv, kIvBytes) == 0, "libgcrypt takes the IV");
}

void SetKey(gcry_cipher_hd_t handle, ByteView key) {
  NACRE_CHECK(gcry_cipher_setkey(handle, key.data(), key.size()) == 0, "libgcrypt takes the key");
}

gcry_cipher_hd_t MakeHandle(CipherMode mode) {
  static const bool started = StartLibgcrypt();
  NACRE_CHECK(started, "libgcrypt is 1.10 or newer");
  static constexpr std::array<int, kModes> kTheirModes{GCRY_CIPHER_MODE_XTS, GCRY_CIPHER_MODE_CBC, GCRY_CIPHER_MODE_ECB};
  const unsigned int flags = mode == CipherMode::kCbcCts ? GCRY_CIPHER_CBC_CTS : 0;
  gcry_cipher_hd_t made = nullptr;
  NACRE_CHECK(gcry_cipher_open(&made, GCRY_CIPHER_AES256, kTheirModes[static_cast<size_t>(mode)], flags) == 0,
              "libgcrypt makes a context");
  return made;
}

// Overwrites the key by one that guards nothing. The schedule for deciphering is made only as one deciphers, and setting a
// key copies the context beside itself, for gcry_cipher_reset; so the copy is whole only the second time.
void ForgetKey(gcry_cipher_hd_t handle, CipherMode mode) {
  static constexpr auto kNoKey = [] {
    std::array<uint8_t, CipherKeyBytes(CipherMode::kXts)> key{};
    key.back() = 1;  // XTS wants halves that differ
    return key;
  }();
  const ByteView no_key = ByteView(kNoKey).first(CipherKeyBytes(mode));
  SetKey(handle, no_key);
  std::array<uint8_t, kIvBytes> block{};
  Start(handle, mode == CipherMode::kEcb ? nullptr : block.data());
  NACRE_CHECK(gcry_cipher_decrypt(handle, block.data(), block.size(), nullptr, 0) == 0, "libgcrypt decrypts");
  SetKey(handle, no_key);
}

// Handles without a key. The last one given back is taken first: a few, as many as threads encipher at once, serve all files,
// and stay in the processor's caches; one for each open file would be 3 KiB of cold memory for each.
class SpareHandles {
 public:
  explicit SpareHandles(CipherMode mode) : mode_(mode) {}

  gcry_cipher_hd_t Take() {
    {
      std::lock_guard lock(mutex_);
      if (count_ > 0) return spare_[--count_];
    }
    return MakeHandle(mode_);
  }
  void Give(gcry_cipher_hd_t handle) {
    {
      std::lock_guard lock(mutex_);
      if (count_ < spare_.size()) {
        spare_[count_++] = handle;
        return;
      }
    }
    gcry_cipher_close(handle);
  }

  // Never destroyed: files may be closed while the process ends.
  static SpareHandles& Of(CipherMode mode) {
    static auto& all = *new std::array<SpareHandles, kModes>{
        SpareHandles(CipherMode::kXts), SpareHandles(CipherMode::kCbcCts), SpareHandles(CipherMode::kEcb)};
    return all[static_cast<size_t>(mode)];
  }

 private:
  const CipherMode mode_;
  std::mutex mutex_;  // guards all below
  std::array<gcry_cipher_hd_t, 16> spare_{};
  size_t count_ = 0;
};

}  // namespace

CipherContext::CipherContext(CipherMode mode, ByteView key) : mode_(mode), handle_(SpareHandles::Of(mode).Take()) {
  NACRE_CHECK(key.size() == CipherKeyBytes(mode), "a key of the size that the mode takes");
  SetKey(handle_, key);
}

CipherContext::~CipherContext() {
  ForgetKey(handle_, mode_);
  SpareHandles::Of(mode_).Give(handle_);
}

void CipherContext::Encrypt(const uint8_t* iv, ByteView in, uint8_t* out) {
  Start(handle_, iv);
  NACRE_CHECK(gcry_cipher_encrypt(handle_, out, in.size(), in.data(), in.size()) == 0, "libgcrypt encrypts");
}

void CipherContext::Decrypt(const uint8_t* iv, ByteView in, uint8_t* out) {
  Start(handle_, iv);
  NACRE_CHECK(gcry_cipher_decrypt(handle_, out, in.size(), in.data(), in.size()) == 0, "libgcrypt decrypts");
}

}  // namespace nacre
