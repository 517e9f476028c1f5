#include "client/crypto/secret_key.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "client/crypto/file_keys.h"
#include "common/base/page_buffer.h"
#include "gmock/gmock.h"
#include "tests/unit/client/crypto/crypto_test_support.h"

namespace nacre {
namespace {

static_assert(!std::is_copy_constructible_v<SecretKey> && !std::is_copy_assignable_v<SecretKey>);
static_assert(std::is_nothrow_move_constructible_v<SecretKey> && std::is_nothrow_move_assignable_v<SecretKey>);

// Most of what a sanitizer maps was never touched.
bool AnyResident(unsigned long begin, size_t bytes) {
  std::vector<unsigned char> pages((bytes + 4095) / 4096 + 1);
  const unsigned long first = begin & ~4095ul;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address that /proc told
  if (mincore(reinterpret_cast<void*>(first), begin + bytes - first, pages.data()) != 0) return true;
  return std::any_of(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; });
}

// How often the bytes stand in this process's memory. Needle and what is searched are inverted, so that neither the
// needle nor the copy that is searched are found.
size_t CountInOwnMemory(const std::vector<uint8_t>& inverted) {
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  EXPECT_TRUE(maps != nullptr && memory >= 0);
  size_t found = 0;
  char line[512];
  std::vector<uint8_t> chunk(1 << 20);
  const auto own_begin = reinterpret_cast<unsigned long>(chunk.data()), own_end = own_begin + chunk.size();
  while (std::fgets(line, sizeof(line), maps) != nullptr) {
    unsigned long begin = 0, end = 0;
    char access[5] = {};
    if (std::sscanf(line, "%lx-%lx %4s", &begin, &end, access) != 3 || access[0] != 'r' || access[1] != 'w') continue;
    if (end - begin > (1ul << 30)) continue;  // a sanitizer's shadow
    for (unsigned long at = begin; at < end;) {
      // What chunk holds of other places is not looked at.
      if (at >= own_begin && at < own_end) at = own_end;
      const unsigned long stop = at < own_begin ? std::min(end, own_begin) : end;
      if (at >= stop) continue;
      const size_t wanted = std::min<size_t>(chunk.size(), stop - at);
      const ssize_t got = !AnyResident(at, wanted) ? 0 : pread(memory, chunk.data(), wanted, static_cast<off_t>(at));
      at += wanted == stop - at ? wanted : wanted - inverted.size();  // a needle across two reads is found too
      if (got <= 0) continue;
      for (uint8_t& byte : std::span(chunk).first(static_cast<size_t>(got))) byte = static_cast<uint8_t>(~byte);
      const uint8_t* const chunk_end = chunk.data() + got;
      for (const uint8_t* next = chunk.data();; ++next) {
        next = static_cast<const uint8_t*>(
            memmem(next, static_cast<size_t>(chunk_end - next), inverted.data(), inverted.size()));
        if (next == nullptr) break;
        ++found;
      }
    }
  }
  std::fclose(maps);
  close(memory);
  return found;
}

// First 16 bytes of what bytes() holds, inverted.
std::vector<uint8_t> InvertedNeedle(ByteView bytes) {
  std::vector<uint8_t> out;
  for (uint8_t byte : bytes.first(16)) out.push_back(static_cast<uint8_t>(~byte));
  return out;
}

TEST(SecretKey, TakesThirtyTwoToSixtyFourBytesAndNothingElse) {
  for (size_t size : {0, 1, 16, 31, 65, 128}) {
    EXPECT_EQ(SecretKey::FromBytes(std::vector<uint8_t>(size)).code(), Code::kInvalid) << size;
  }
  for (size_t size = 32; size <= 64; ++size) EXPECT_TRUE(SecretKey::FromBytes(std::vector<uint8_t>(size)).ok()) << size;
}

TEST(SecretKey, IsEqualOnlyToTheSameBytes) {
  SecretKey key = CountingKey(), same = CountingKey(), shorter = CountingKey(32), other = CountingKey();
  other.mutable_bytes()[63] ^= 1;
  EXPECT_TRUE(key == same);
  EXPECT_FALSE(key == shorter);
  EXPECT_FALSE(key == other);
}

TEST(SecretKey, MovesAndLeavesNothingBehind) {
  SecretKey key = CountingKey();
  const uint8_t* slot = key.bytes().data();
  SecretKey moved = std::move(key);
  EXPECT_EQ(moved.bytes().data(), slot);
  EXPECT_EQ(key.size(), 0u);  // NOLINT: what a moved-from key is, is the promise
  key = std::move(moved);
  EXPECT_EQ(key.bytes().data(), slot);
  key.Wipe();
  EXPECT_TRUE(key.bytes().empty());
}

TEST(SecretKey, StartsZeroEvenWhereAnotherKeyWas) {
  { SecretKey old = CountingKey(); }
  const SecretKey fresh(64);
  for (uint8_t byte : fresh.bytes()) EXPECT_EQ(byte, 0);
}

TEST(SecretKey, HasSlotsForVeryManyKeysInFewSlabsAndGivesThemBack) {
  const SecretMemoryUse before = GetSecretMemoryUse();
  {
    std::vector<SecretKey> keys;
    for (int i = 0; i < 5000; ++i) keys.push_back(CountingKey());
    EXPECT_EQ(GetSecretMemoryUse().keys, before.keys + 5000);
    EXPECT_LE(GetSecretMemoryUse().slabs, 6u);
    for (const SecretKey& key : keys) ASSERT_TRUE(key == keys.front());
  }
  EXPECT_EQ(GetSecretMemoryUse().keys, before.keys);
  EXPECT_EQ(GetSecretMemoryUse().slabs, 1u);
}

TEST(SecretKey, IsNowhereInMemoryAfterItsEnd) {
  SystemRandom random;
  std::vector<uint8_t> needle;
  {
    const SecretKey key = SecretKey::Generate(random);
    needle = InvertedNeedle(key.bytes());
    EXPECT_GE(CountInOwnMemory(needle), 1u) << "the scan finds a key that is there";
  }
  EXPECT_EQ(CountInOwnMemory(needle), 0u);
}

class KeysInMemory : public testing::TestWithParam<NamesMode> {};

TEST_P(KeysInMemory, NeitherTheMasterNorADerivedKeyStaysAfterWorkWithThem) {
  SystemRandom random;
  std::vector<uint8_t> master_needle, contents_needle, tweaks_needle, names_needle;
  {
    const MasterKey master(SecretKey::Generate(random));
    const EncryptionContext context = NewContext(NewPolicy(master, GetParam()), random);
    master_needle = InvertedNeedle(master.raw().bytes());
    {
      const SecretKey contents = master.derivation().ContentsKey(context.nonce);
      contents_needle = InvertedNeedle(contents.bytes());
      tweaks_needle = InvertedNeedle(contents.bytes().subspan(32));  // XTS: the half that enciphers the IVs
    }
    names_needle = InvertedNeedle(master.derivation().NamesKey(context.nonce).bytes());
    const auto pages = OpenPages(master, context).value();
    const auto names = OpenNames(master, context).value();
    const auto pool = PageBufferPool::Create(kPageBytes, 1);
    const CipherRunPtr run = pages->EncryptRun(AsBytes("clear"), 0, *pool);
    std::vector<uint8_t> clear(5);
    EXPECT_TRUE(pages->Decrypt(*run, 0, 0, clear).ok());  // deciphering has a key schedule of its own
    EXPECT_TRUE(names->DecryptName(AsBytes(names->EncryptName("clear").value())).ok());
    // While they live, in their guarded slots; what the ciphers made of them is gone with each call. Under one nonce the key
    // of names is the first half of that of contents.
    EXPECT_EQ(names_needle, contents_needle);
    EXPECT_EQ(CountInOwnMemory(contents_needle), 2u);
    EXPECT_EQ(CountInOwnMemory(tweaks_needle), 1u);
  }
  EXPECT_EQ(CountInOwnMemory(master_needle), 0u);
  EXPECT_EQ(CountInOwnMemory(contents_needle), 0u);
  EXPECT_EQ(CountInOwnMemory(tweaks_needle), 0u);
  EXPECT_EQ(CountInOwnMemory(names_needle), 0u);
}

INSTANTIATE_TEST_SUITE_P(NamesModes, KeysInMemory, testing::Values(NamesMode::kAes256Cts, NamesMode::kAes256Hctr2),
                         [](const auto& mode) { return mode.param == NamesMode::kAes256Cts ? "Cts" : "Hctr2"; });

}  // namespace
}  // namespace nacre
