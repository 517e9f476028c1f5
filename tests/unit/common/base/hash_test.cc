#include "common/base/hash.h"

#include <gtest/gtest.h>

namespace nacre {
namespace {

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {  // appendix B.4
  EXPECT_EQ(Crc32c(0, AsBytes(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(Crc32c(0, AsBytes(std::string(32, '\xff'))), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(0, AsBytes("123456789")), 0xe3069283u);
}

TEST(Crc32c, OfPiecesIsThatOfTheWhole) {
  const std::string text = "a page that the wire has cut in two";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc32c(Crc32c(0, AsBytes(text.substr(0, cut))), AsBytes(text.substr(cut))), Crc32c(0, AsBytes(text)));
  }
}

TEST(SipHash24, MatchesTheVectorOfItsPaper) {  // Aumasson, Bernstein, appendix A
  std::array<uint8_t, 16> key;
  std::string input;
  for (uint8_t i = 0; i < 16; ++i) key[i] = i;
  for (char i = 0; i < 15; ++i) input.push_back(i);
  EXPECT_EQ(SipHash24(key, AsBytes(input)), 0xa129ca6149be45e5u);
}

TEST(Sha256, MatchesFips180) {
  EXPECT_EQ(ToHex(Sha256(AsBytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256(AsBytes("a"), AsBytes("bc")), Sha256(AsBytes("abc")));
}

}  // namespace
}  // namespace nacre
