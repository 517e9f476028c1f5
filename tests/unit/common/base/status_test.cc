#include "common/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace nacre {
namespace {

TEST(Status, EveryCodeHasANameAndAnErrno) {
  for (int number = 1; number <= static_cast<int>(Code::kFenced); ++number) {
    ASSERT_TRUE(IsKnownCode(number)) << number;
    EXPECT_NE(ToErrno(static_cast<Code>(number)), 0) << number;
    EXPECT_NE(CodeName(static_cast<Code>(number)), "unknown error") << number;
  }
  EXPECT_FALSE(IsKnownCode(9999));
}

TEST(Status, NumbersOnTheWireAreFrozen) {
  EXPECT_EQ(static_cast<int>(Code::kNoKey), 8);
  EXPECT_EQ(static_cast<int>(Code::kIntegrity), 15);
  EXPECT_EQ(static_cast<int>(Code::kNotConnected), 31);
  EXPECT_EQ(static_cast<int>(Code::kFenced), 32);
  EXPECT_EQ(ToErrno(Code::kNoKey), ENOKEY);
  EXPECT_EQ(ToErrno(Code::kCrossPolicy), EXDEV);
}

TEST(Status, GainsContextAsItRises) {
  const Status status = Status(Code::kNoSpace, "device is full").With("writing to OST0001");
  EXPECT_EQ(status.ToString(), "writing to OST0001: device is full (no space)");
}

TEST(StatusDeathTest, TheValueOfAFailedResultEndsTheProcess) {
  Result<int> failed = Status(Code::kIo, "disk");
  EXPECT_DEATH(failed.value(), "disk");
}

}  // namespace
}  // namespace nacre
