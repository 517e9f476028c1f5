#include "common/fs/nokey_name.h"

#include "common/base/hash.h"
#include "common/base/random.h"
#include "gmock/gmock.h"

namespace nacre {
namespace {

std::string Stored(SeededRandom& random, size_t bytes) {
  std::string out(bytes, '\0');
  random.Fill({reinterpret_cast<uint8_t*>(out.data()), out.size()});
  return out;
}

TEST(NokeyName, GoesThereAndBackForEveryLength) {
  SeededRandom random(1);
  for (size_t bytes = 1; bytes <= 255; ++bytes) {
    const std::string stored = Stored(random, bytes);
    const uint64_t cookie = random.Next64();
    const std::string text = EncodeNokeyName(cookie, AsBytes(stored)).value();
    EXPECT_EQ(text.size(), bytes <= 149 ? ((8 + bytes) * 8 + 5) / 6 : 252);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    const NokeyName name = DecodeNokeyName(text).value();
    EXPECT_EQ(name.cookie, cookie);
    EXPECT_EQ(name.ciphertext, stored.substr(0, 149));
    EXPECT_EQ(name.tail_sha256.has_value(), bytes > 149);
    EXPECT_TRUE(name.Matches(AsBytes(stored)));
  }
}

TEST(NokeyName, HasTheKernelsLayout) {
  // Two little-endian words, then the bytes: 01000000 02000000 ff.
  EXPECT_EQ(EncodeNokeyName(0x0000000200000001, AsBytes("\xff")).value(), "AQAAAAIAAAD_");
  // As Linux shows a 32-byte name of a directory without dirhash: 54 characters.
  EXPECT_EQ(EncodeNokeyName(0, AsBytes(std::string(32, 'x'))).value().size(), 54u);
}

TEST(NokeyName, DoesNotMatchOtherStoredBytes) {
  SeededRandom random(2);
  for (size_t bytes : {16, 32, 149, 150, 181, 255}) {
    std::string stored = Stored(random, bytes);
    const NokeyName name = DecodeNokeyName(EncodeNokeyName(5, AsBytes(stored)).value()).value();
    for (size_t at = 0; at < bytes; ++at) {
      stored[at] ^= 1;
      EXPECT_FALSE(name.Matches(AsBytes(stored))) << bytes << " " << at;
      stored[at] ^= 1;
    }
    EXPECT_FALSE(name.Matches(AsBytes(stored).first(bytes - 1)));
    EXPECT_FALSE(name.Matches(AsBytes(stored + "x")));
    EXPECT_FALSE(name.Matches({}));
  }
}

TEST(NokeyName, RefusesStoredNamesThatNoDirectoryHolds) {
  EXPECT_EQ(EncodeNokeyName(1, {}).code(), Code::kInvalid);
  EXPECT_EQ(EncodeNokeyName(1, AsBytes(std::string(256, 'x'))).code(), Code::kInvalid);
}

TEST(NokeyName, DoesNotFindTextThatIsNone) {
  const std::string good = EncodeNokeyName(7, AsBytes("0123456789abcdef")).value();
  for (const std::string& text :
       {std::string(), std::string("."), std::string("readme.txt"), std::string("AQAAAAIAAAA"),  // a cookie alone
        good + "=", good + "A\n", good + "/", std::string("A"), std::string(253, 'A'), std::string(1000, 'A'),
        std::string("AQAAAAIAAAD/"), std::string("AQAAAAIAAAD+"), std::string("\0AAAAAAAAAAA", 12)}) {
    EXPECT_EQ(DecodeNokeyName(text).code(), Code::kNotFound) << text;
  }
  // 8 + 150 bytes: longer than a whole ciphertext may be, shorter than prefix and digest.
  EXPECT_EQ(DecodeNokeyName(std::string(211, 'A')).code(), Code::kNotFound);
}

TEST(NokeyName, ShowsASymlinksTargetWithoutItsLengthAndWithCookieZero) {
  EXPECT_EQ(EncodeNokeyTarget(AsBytes(std::string("\x03\0abc", 5))).value(),
            EncodeNokeyName(0, AsBytes("abc")).value());
  const std::string longest(4095, 'x');
  const std::string text = EncodeNokeyTarget(AsBytes("\xff\x0f" + longest)).value();
  EXPECT_EQ(text.size(), 252u);
  EXPECT_TRUE(DecodeNokeyName(text).value().Matches(AsBytes(longest)));
  for (const std::string& bad : {std::string(), std::string("\x01", 1), std::string(2, '\0'),
                                 std::string("\x03\0ab", 4), std::string("\x03\0abcd", 6),
                                 std::string("\x03\x01" "abc")}) {
    EXPECT_EQ(EncodeNokeyTarget(AsBytes(bad)).code(), Code::kIntegrity) << ToHex(AsBytes(bad));
  }
}

TEST(NokeyName, HasOneTextOnlyForAnEntry) {
  std::string text = EncodeNokeyName(1, AsBytes("0123456789abcdef")).value();  // 24 bytes: no spare bits
  EXPECT_TRUE(DecodeNokeyName(text).ok());
  text = EncodeNokeyName(1, AsBytes("0123456789abcdefg")).value();
  ASSERT_TRUE(DecodeNokeyName(text).ok());
  int accepted = 0;
  for (char last : std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    text.back() = last;
    accepted += DecodeNokeyName(text).ok() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 4);  // two bits of the last character are data, the other four must be zero
}

}  // namespace
}  // namespace nacre
