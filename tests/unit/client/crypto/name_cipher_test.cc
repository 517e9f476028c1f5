#include "client/crypto/name_cipher.h"

#include <fstream>
#include <sstream>

#include "client/crypto/symlink_cipher.h"
#include "gmock/gmock.h"
#include "tests/unit/client/crypto/crypto_test_support.h"

namespace nacre {
namespace {

EncryptionPolicy Policy(NamesMode mode, uint8_t padding_flag) {
  return {.contents_mode = ContentsMode::kAes256Xts,
          .names_mode = mode,
          .padding_flag = padding_flag,
          .key_identifier = {}};
}

std::string Letters(size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>('a' + i % 26));
  return out;
}

size_t KernelLength(size_t bytes, size_t padding, size_t most) {
  size_t length = bytes < 16 ? 16 : bytes;
  while (length % padding != 0) ++length;
  return length > most ? most : length;
}

struct Mode {
  NamesMode names_mode;
  uint8_t padding_flag;
};

class EveryMode : public testing::TestWithParam<Mode> {
 protected:
  SeededRandom random_{11};
  const std::string key_ = RandomText(random_, 32);
  const EncryptionPolicy policy_ = Policy(GetParam().names_mode, GetParam().padding_flag);
  const NameCipher names_{KeyOf(key_), policy_};
  const SymlinkCipher targets_{KeyOf(key_), policy_};

  std::string Textbook(std::string text, size_t length) {
    text.resize(length, '\0');
    return Text(policy_.names_mode == NamesMode::kAes256Cts
                    ? textbook::CtsEncrypt(Book(key_), Book(text))
                    : textbook::Hctr2Encrypt(Book(key_), textbook::Bytes(32, 0), Book(text)));
  }
};

TEST_P(EveryMode, NamesOfAllLengthsMatchTheTextbookAndComeBack) {
  for (size_t bytes = 1; bytes <= 255; ++bytes) {
    const std::string name = Letters(bytes);
    const std::string stored = names_.EncryptName(name).value();
    ASSERT_EQ(stored, Textbook(name, KernelLength(bytes, policy_.padding_bytes(), 255))) << bytes;
    ASSERT_EQ(names_.DecryptName(AsBytes(stored)).value(), name);
  }
}

TEST_P(EveryMode, TargetsMatchTheTextbookAndComeBack) {
  for (size_t bytes : {1, 15, 16, 17, 32, 59, 255, 256, 1000, 4064, 4065, 4080, 4092, 4093}) {
    const std::string target = Letters(bytes);
    const std::string stored = targets_.EncryptTarget(target).value();
    const size_t length = KernelLength(bytes, policy_.padding_bytes(), 4093);
    ASSERT_EQ(stored.size(), 2 + length);
    EXPECT_EQ(static_cast<uint8_t>(stored[0]) + 256 * static_cast<uint8_t>(stored[1]), static_cast<int>(length));
    EXPECT_EQ(stored.substr(2), Textbook(target, length)) << bytes;
    EXPECT_EQ(targets_.DecryptTarget(AsBytes(stored)).value(), target);
  }
  for (size_t bytes : {4094, 4095}) {  // beyond the kernel's
    const std::string stored = targets_.EncryptTarget(Letters(bytes)).value();
    EXPECT_EQ(targets_.DecryptTarget(AsBytes(stored)).value(), Letters(bytes));
  }
}

TEST_P(EveryMode, NoStoredBytesOfAnyLengthDoHarm) {
  for (size_t bytes = 0; bytes <= 300; ++bytes) {
    const std::string garbage = RandomText(random_, bytes);
    const auto name = names_.DecryptName(AsBytes(garbage));
    const auto target = targets_.DecryptTarget(AsBytes(garbage));
    // Garbage without a NUL at the wrong place is a name: names are not authenticated. Then it must be the name whose
    // ciphertext it is.
    if (name.ok()) {
      EXPECT_EQ(names_.EncryptName(*name).value(), garbage) << bytes;
    } else {
      EXPECT_EQ(name.code(), Code::kIntegrity) << bytes;
    }
    EXPECT_EQ(target.code(), Code::kIntegrity) << bytes;
  }
}

TEST_P(EveryMode, ADamagedTargetLengthIsNoticed) {
  std::string stored = targets_.EncryptTarget("/some/where").value();
  EXPECT_EQ(targets_.DecryptTarget(AsBytes(stored.substr(0, stored.size() - 1))).code(), Code::kIntegrity);
  EXPECT_EQ(targets_.DecryptTarget(AsBytes(stored + 'x')).code(), Code::kIntegrity);
  stored[1] = '\x7f';
  EXPECT_EQ(targets_.DecryptTarget(AsBytes(stored)).code(), Code::kIntegrity);
  EXPECT_EQ(targets_.DecryptTarget(AsBytes(std::string(5000, 'x'))).code(), Code::kIntegrity);
}

INSTANTIATE_TEST_SUITE_P(
    NamesModesAndPaddings, EveryMode,
    testing::Values(Mode{NamesMode::kAes256Cts, 0}, Mode{NamesMode::kAes256Cts, 1}, Mode{NamesMode::kAes256Cts, 2},
                    Mode{NamesMode::kAes256Cts, 3}, Mode{NamesMode::kAes256Hctr2, 0}, Mode{NamesMode::kAes256Hctr2, 1},
                    Mode{NamesMode::kAes256Hctr2, 2}, Mode{NamesMode::kAes256Hctr2, 3}),
    [](const auto& mode) {
      return std::string(mode.param.names_mode == NamesMode::kAes256Cts ? "Cts" : "Hctr2") +
             std::to_string(4 << mode.param.padding_flag);
    });

class NameCipherTest : public testing::Test {
 protected:
  const NameCipher names_{CountingKey(32), Policy(NamesMode::kAes256Cts, 3)};
  const SymlinkCipher targets_{CountingKey(32), Policy(NamesMode::kAes256Cts, 3)};
};

TEST_F(NameCipherTest, RefusesWhatIsNoName) {
  EXPECT_EQ(names_.EncryptName("").code(), Code::kInvalid);
  EXPECT_EQ(names_.EncryptName("a/b").code(), Code::kInvalid);
  EXPECT_EQ(names_.EncryptName(std::string_view("a\0b", 3)).code(), Code::kInvalid);
  EXPECT_EQ(names_.EncryptName(std::string(256, 'x')).code(), Code::kNameTooLong);
}

TEST_F(NameCipherTest, RefusesWhatIsNoTarget) {
  EXPECT_EQ(targets_.EncryptTarget("").code(), Code::kNotFound);
  EXPECT_EQ(targets_.EncryptTarget(std::string_view("a\0b", 3)).code(), Code::kInvalid);
  EXPECT_EQ(targets_.EncryptTarget(std::string(4096, 'x')).code(), Code::kNameTooLong);
}

// The kernel answers them itself and stores neither; a server that shows one wants a copy to climb out of its directory.
TEST_F(NameCipherTest, DotAndDotDotAreNoNamesOfEntries) {
  for (const char* name : {".", ".."}) {
    EXPECT_EQ(names_.EncryptName(name).code(), Code::kInvalid);
    EXPECT_EQ(names_.DecryptName(AsBytes(name)).code(), Code::kIntegrity);
  }
  EXPECT_EQ(names_.EncryptName("...").value().size(), 32u);
}

TEST_F(NameCipherTest, TheSameNameIsOtherBytesUnderAnotherKey) {
  SeededRandom random(5);
  const NameCipher other(SecretKey::Generate(random, 32), Policy(NamesMode::kAes256Cts, 3));
  const std::string stored = names_.EncryptName("readme.txt").value();
  EXPECT_NE(stored, other.EncryptName("readme.txt").value());
  const auto there = other.DecryptName(AsBytes(stored));
  EXPECT_TRUE(!there.ok() || *there != "readme.txt");
}

TEST(Hctr2, MatchesThePublishedVectors) {
  std::ifstream file(std::string(NACRE_SOURCE_DIR) + "/tests/vectors/fscrypt/aes256_hctr2.txt");
  ASSERT_TRUE(file.is_open());
  int count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string key, tweak, clear, expected;
    fields >> key >> tweak >> clear >> expected;
    const std::string raw_key = *FromHex(key), raw_tweak = tweak == "-" ? "" : *FromHex(tweak);
    std::string message = *FromHex(clear);
    EXPECT_EQ(ToHex(AsBytes(Text(textbook::Hctr2Encrypt(Book(raw_key), Book(raw_tweak), Book(message))))), expected);
    const Hctr2 cipher(AsBytes(raw_key));
    const MutableBytes bytes(reinterpret_cast<uint8_t*>(message.data()), message.size());
    cipher.Encrypt(AsBytes(raw_tweak), bytes, bytes);
    EXPECT_EQ(ToHex(bytes), expected);
    cipher.Decrypt(AsBytes(raw_tweak), bytes, bytes);
    EXPECT_EQ(ToHex(bytes), clear);
    ++count;
  }
  EXPECT_GE(count, 50);
}

TEST(Polyval, MatchesRfc8452) {
  // Appendix A of the RFC.
  const std::string key = *FromHex("25629347589242761d31f826ba4b757b");
  const std::string blocks = *FromHex("4f4f95668c83dfb6401762bb2d01a262d1a24ddd2721d006bbe45f20d3c9f362");
  Polyval polyval(PolyvalElement::Load(AsBytes(key).data()));
  polyval.Update(AsBytes(blocks));
  uint8_t out[16];
  polyval.hash().Store(out);
  EXPECT_EQ(ToHex(out), "f7a3b47b846119fae5b7866cf5e5b77e");
}

TEST(Polyval, IsTheSameWithAndWithoutTheProcessorsInstructionAndInTheTextbook) {
  SeededRandom random(13);
  for (int i = 0; i < 2000; ++i) {
    const PolyvalElement a{random.Next64(), random.Next64()}, b{random.Next64(), random.Next64()};
    ASSERT_EQ(PolyvalDot(a, b), PolyvalDotPortable(a, b));
    if (i > 100) continue;
    uint8_t raw_a[16], raw_b[16], dot[16];
    a.Store(raw_a);
    b.Store(raw_b);
    PolyvalDot(a, b).Store(dot);
    textbook::Block key;
    std::copy_n(raw_b, 16, key.begin());
    ASSERT_EQ(ToHex(dot), ToHex(textbook::Polyval(key, textbook::Bytes(raw_a, 16))));
  }
}

}  // namespace
}  // namespace nacre
