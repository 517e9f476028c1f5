#include "client/crypto/secret_key.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "common/base/check.h"

namespace nacre {
namespace {

constexpr size_t kSlotBytes = SecretKey::kBytesMax;
constexpr size_t kSlotsPerSlab = 1023;  // 16 machine pages with libsodium's canary before them

struct SodiumFree {
  void operator()(uint8_t* memory) const { sodium_free(memory); }
};

struct Slab {
  std::unique_ptr<uint8_t, SodiumFree> memory;
  std::vector<uint16_t> free_slots;
  bool locked = false;

  bool Holds(const uint8_t* slot) const {
    return slot >= memory.get() && slot < memory.get() + kSlotsPerSlab * kSlotBytes;
  }
};

class SecretSlabs {
 public:
  // Never destroyed: keys in static objects may outlive any order of destruction.
  static SecretSlabs& Get() {
    static SecretSlabs* slabs = new SecretSlabs;
    return *slabs;
  }

  uint8_t* Take() {
    std::lock_guard lock(mutex_);
    auto slab = std::find_if(slabs_.begin(), slabs_.end(), [](const Slab& s) { return !s.free_slots.empty(); });
    if (slab == slabs_.end()) slab = AddSlabLocked();
    const uint16_t index = slab->free_slots.back();
    slab->free_slots.pop_back();
    ++keys_;
    return slab->memory.get() + size_t{index} * kSlotBytes;
  }

  void Give(uint8_t* slot) {
    sodium_memzero(slot, kSlotBytes);
    std::lock_guard lock(mutex_);
    const auto slab = std::find_if(slabs_.begin(), slabs_.end(), [slot](const Slab& s) { return s.Holds(slot); });
    NACRE_CHECK(slab != slabs_.end(), "a key's slot belongs to a slab");
    slab->free_slots.push_back(static_cast<uint16_t>((slot - slab->memory.get()) / kSlotBytes));
    --keys_;
    // The first slab stays, so that one key coming and going does not map and unmap memory each time.
    if (slab->free_slots.size() == kSlotsPerSlab && slabs_.size() > 1) slabs_.erase(slab);
  }

  SecretMemoryUse Use() {
    std::lock_guard lock(mutex_);
    SecretMemoryUse use{.keys = keys_, .slabs = slabs_.size(), .slabs_unlocked = 0};
    for (const Slab& slab : slabs_) use.slabs_unlocked += slab.locked ? 0 : 1;
    return use;
  }

 private:
  SecretSlabs() { NACRE_CHECK(sodium_init() >= 0, "libsodium cannot start"); }

  std::vector<Slab>::iterator AddSlabLocked() {
    Slab slab;
    slab.memory.reset(static_cast<uint8_t*>(sodium_malloc(kSlotsPerSlab * kSlotBytes)));
    if (slab.memory == nullptr) throw std::bad_alloc();
    // sodium_malloc locks too but does not say whether it could.
    slab.locked = sodium_mlock(slab.memory.get(), kSlotsPerSlab * kSlotBytes) == 0;
    sodium_memzero(slab.memory.get(), kSlotsPerSlab * kSlotBytes);
    slab.free_slots.reserve(kSlotsPerSlab);
    for (size_t i = kSlotsPerSlab; i-- > 0;) slab.free_slots.push_back(static_cast<uint16_t>(i));
    slabs_.push_back(std::move(slab));
    return std::prev(slabs_.end());
  }

  std::mutex mutex_;  // guards what follows
  std::vector<Slab> slabs_;
  size_t keys_ = 0;
};

}  // namespace

SecretKey::SecretKey(size_t size_bytes) : slot_(nullptr), size_(size_bytes) {
  NACRE_CHECK(size_bytes >= kBytesMin && size_bytes <= kBytesMax, "a key has 32 to 64 bytes");
  slot_ = SecretSlabs::Get().Take();
}

Result<SecretKey> SecretKey::FromBytes(ByteView bytes) {
  if (bytes.size() < kBytesMin || bytes.size() > kBytesMax) {
    return Status(Code::kInvalid, "a key has 32 to 64 bytes, this one " + std::to_string(bytes.size()));
  }
  SecretKey key(bytes.size());
  std::memcpy(key.slot_, bytes.data(), bytes.size());
  return key;
}

SecretKey SecretKey::Generate(Random& random, size_t size_bytes) {
  SecretKey key(size_bytes);
  random.Fill(key.mutable_bytes());
  return key;
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    Wipe();
    slot_ = std::exchange(other.slot_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void SecretKey::Wipe() {
  if (slot_ == nullptr) return;
  SecretSlabs::Get().Give(std::exchange(slot_, nullptr));
  size_ = 0;
}

bool operator==(const SecretKey& left, const SecretKey& right) {
  if (left.size_ != right.size_) return false;
  return left.size_ == 0 || sodium_memcmp(left.slot_, right.slot_, left.size_) == 0;
}

SecretMemoryUse GetSecretMemoryUse() { return SecretSlabs::Get().Use(); }

}  // namespace nacre
