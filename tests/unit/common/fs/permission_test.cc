#include "common/fs/permission.h"

#include <gtest/gtest.h>

namespace nacre {
namespace {

const Caller kRoot{};
const Caller kOwner{.uid = 10, .gid = 100, .groups = {}};
const Caller kMember{.uid = 11, .gid = 5, .groups = {7, 100}};
const Caller kOther{.uid = 12, .gid = 6, .groups = {}};
constexpr Ownership Inode(uint32_t mode, bool directory = false) {
  return {.mode = mode, .uid = 10, .gid = 100, .directory = directory};
}

TEST(Permission, OneClassDecidesAndNoOther) {
  EXPECT_FALSE(MayAccess(Inode(0077), kOwner, kMayRead)) << "the owner's bits, though others may";
  EXPECT_FALSE(MayAccess(Inode(0707), kMember, kMayRead));
  EXPECT_TRUE(MayAccess(Inode(0770), kMember, kMayRead | kMayWrite));
  EXPECT_TRUE(MayAccess(Inode(0004), kOther, kMayRead));
  EXPECT_FALSE(MayAccess(Inode(0004), kOther, kMayRead | kMayWrite)) << "all that is wanted";
  EXPECT_TRUE(MayAccess(Inode(0), kRoot, kMayRead | kMayWrite));
  EXPECT_FALSE(MayAccess(Inode(0), kRoot, kMaySearch));
  EXPECT_TRUE(MayAccess(Inode(0, true), kRoot, kMaySearch));
}

TEST(Permission, StickyDirectoriesKeepOthersEntries) {
  const Ownership sticky{.mode = 01777, .uid = 1, .gid = 1, .directory = true};
  EXPECT_EQ(CheckRemoval(sticky, Inode(0644), kOther).code(), Code::kNotPermitted);
  EXPECT_TRUE(CheckRemoval(sticky, Inode(0644), kOwner).ok());
  EXPECT_TRUE(CheckRemoval(sticky, Inode(0644), kRoot).ok());
  EXPECT_EQ(CheckRemoval(Inode(0755, true), Inode(0644), kOther).code(), Code::kAccessDenied);
}

TEST(Permission, SetgidDirectoriesPassTheirGroupOn) {
  const Ownership parent{.mode = 02777, .uid = 1, .gid = 55, .directory = true};
  EXPECT_EQ(OwnershipOfNew(parent, kOwner, 0644, false), (Ownership{.mode = 0644, .uid = 10, .gid = 55}));
  EXPECT_EQ(OwnershipOfNew(parent, kOwner, 0755, true).mode, 02755u);
  EXPECT_EQ(OwnershipOfNew(parent, kOwner, 02755, false).mode, 0755u) << "not a member of that group";
  EXPECT_EQ(OwnershipOfNew(Inode(0755, true), kOther, 0600, false).gid, 6u);
}

TEST(Permission, ChmodAndChownBelongToTheOwnerAndRoot) {
  EXPECT_EQ(ChangeOwnership(Inode(0644), kOther, {.set_mode = true, .mode = 0777}).code(), Code::kNotPermitted);
  EXPECT_EQ(ChangeOwnership(Inode(0644), kOwner, {.set_uid = true, .uid = 12}).code(), Code::kNotPermitted);
  EXPECT_EQ(ChangeOwnership(Inode(0644), kOwner, {.set_gid = true, .gid = 9}).code(), Code::kNotPermitted);
  const Caller owner_of_two{.uid = 10, .gid = 100, .groups = {9}};
  EXPECT_EQ(ChangeOwnership(Inode(0644), owner_of_two, {.set_gid = true, .gid = 9})->gid, 9u);
  EXPECT_EQ(ChangeOwnership(Inode(06755), kRoot, {.set_uid = true, .uid = 12})->mode, 0755u);
  EXPECT_EQ(ChangeOwnership(Inode(0644), kMember, {.set_mode = true, .mode = 0}).code(), Code::kNotPermitted);
  const Caller not_member{.uid = 10, .gid = 1, .groups = {}};
  EXPECT_EQ(ChangeOwnership(Inode(0644), not_member, {.set_mode = true, .mode = 02755})->mode, 0755u);
}

TEST(Permission, WritingTakesSetuidAwayButNotForRoot) {
  EXPECT_EQ(ModeAfterWrite(Inode(06755), kOther), 0755u);
  EXPECT_EQ(ModeAfterWrite(Inode(02644), kOther), 02644u) << "without group execute it means mandatory locks";
  EXPECT_EQ(ModeAfterWrite(Inode(06755), kRoot), 06755u);
}

TEST(Permission, NowIsForWritersAndOtherTimesForOwners) {
  EXPECT_TRUE(CheckSetTimes(Inode(0622), kOther, true).ok());
  EXPECT_EQ(CheckSetTimes(Inode(0622), kOther, false).code(), Code::kNotPermitted);
  EXPECT_EQ(CheckSetTimes(Inode(0644), kOther, true).code(), Code::kAccessDenied);
  EXPECT_TRUE(CheckSetTimes(Inode(0400), kOwner, false).ok());
}

}  // namespace
}  // namespace nacre
