#include "client/crypto/cipher_contexts.h"

#include <gcrypt.h>

#include <array>
#include <cstddef>
#include <mutex>

#include "common/base/check.h"

namespace nacre {
namespace {

constexpr size_t kIvBytes = 16;
constexpr size_t kModes = 3;

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
  if (iv != nullptr) NACRE_CHECK(gcry_cipher_setiv(context, iv, kIvBytes) == 0, "libgcrypt takes the IV");
}

void SetKey(gcry_cipher_hd_t context, ByteView key) {
  NACRE_CHECK(gcry_cipher_setkey(context, key.data(), key.size()) == 0, "libgcrypt takes the key");
}

// Contexts that no key uses any more, for the keys to come: making one anew allocates more than malloc's caches of a thread
// hold, which costs more than the key schedule. As many as a copy of small files closes at once; each takes about 3 KiB.
class SpareContexts {
 public:
  explicit SpareContexts(CipherMode mode) : mode_(mode) {}

  // Null if there is none.
  gcry_cipher_hd_t Take() {
    std::lock_guard lock(mutex_);
    return count_ == 0 ? nullptr : spare_[--count_];
  }
  // Whatever it answers, the key is gone from the context. False: there are enough.
  bool Give(gcry_cipher_hd_t context) {
    Forget(context);
    std::lock_guard lock(mutex_);
    if (count_ == spare_.size()) return false;
    spare_[count_++] = context;
    return true;
  }

  // Never destroyed: files may be closed while the process ends.
  static SpareContexts& Of(CipherMode mode) {
    static auto& all = *new std::array<SpareContexts, kModes>{
        SpareContexts(CipherMode::kXts), SpareContexts(CipherMode::kCbcCts), SpareContexts(CipherMode::kEcb)};
    return all[static_cast<size_t>(mode)];
  }

 private:
  // Overwrites the key by one that guards nothing. The schedule for deciphering is made only as one deciphers, and setting a
  // key copies the context beside itself, for gcry_cipher_reset; so the copy is whole only the second time.
  void Forget(gcry_cipher_hd_t context) const {
    static constexpr auto kNoKey = [] {
      std::array<uint8_t, CipherKeyBytes(CipherMode::kXts)> key{};
      key.back() = 1;  // XTS wants halves that differ
      return key;
    }();
    const ByteView no_key = ByteView(kNoKey).first(CipherKeyBytes(mode_));
    SetKey(context, no_key);
    std::array<uint8_t, kIvBytes> block{};
    Start(context, mode_ == CipherMode::kEcb ? nullptr : block.data());
    NACRE_CHECK(gcry_cipher_decrypt(context, block.data(), block.size(), nullptr, 0) == 0, "libgcrypt decrypts");
    SetKey(context, no_key);
  }

  const CipherMode mode_;
  std::mutex mutex_;  // guards all below
  std::array<gcry_cipher_hd_t, 512> spare_{};
  size_t count_ = 0;
};

gcry_cipher_hd_t MakeContext(CipherMode mode) {
  static const bool started = StartLibgcrypt();
  NACRE_CHECK(started, "libgcrypt is 1.10 or newer");
  static constexpr std::array<int, kModes> kTheirModes{GCRY_CIPHER_MODE_XTS, GCRY_CIPHER_MODE_CBC, GCRY_CIPHER_MODE_ECB};
  const unsigned int flags = mode == CipherMode::kCbcCts ? GCRY_CIPHER_CBC_CTS : 0;
  gcry_cipher_hd_t made = nullptr;
  NACRE_CHECK(gcry_cipher_open(&made, GCRY_CIPHER_AES256, kTheirModes[static_cast<size_t>(mode)], flags) == 0,
              "libgcrypt makes a context");
  return made;
}

}  // namespace

void CloseCipherContext::operator()(gcry_cipher_handle* context) const {
  if (!SpareContexts::Of(mode).Give(context)) gcry_cipher_close(context);
}

CipherContexts::CipherContexts(CipherMode mode, ByteView key) : mode_(mode), key_(key) {
  NACRE_CHECK(key_.size() == CipherKeyBytes(mode), "a key of the size that the mode takes");
}

CipherContexts::Context CipherContexts::Take() {
  if (Context idle = idle_.Take()) return idle;
  gcry_cipher_hd_t spare = SpareContexts::Of(mode_).Take();
  Context context(spare != nullptr ? spare : MakeContext(mode_), CloseCipherContext{mode_});
  SetKey(context.get(), key_);
  return context;
}

void CipherContexts::Lease::Encrypt(const uint8_t* iv, ByteView in, uint8_t* out) {
  Start(context_.get(), iv);
  NACRE_CHECK(gcry_cipher_encrypt(context_.get(), out, in.size(), in.data(), in.size()) == 0, "libgcrypt encrypts");
}

void CipherContexts::Lease::Decrypt(const uint8_t* iv, ByteView in, uint8_t* out) {
  Start(context_.get(), iv);
  NACRE_CHECK(gcry_cipher_decrypt(context_.get(), out, in.size(), in.data(), in.size()) == 0, "libgcrypt decrypts");
}

}  // namespace nacre
