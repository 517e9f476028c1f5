#include "client/fsck/reconcile.h"

#include <gtest/gtest.h>

#include "common/wire/wire.h"

namespace nacre {
namespace {

constexpr Fid kOne{.seq = 2, .oid = 1}, kOther{.seq = 2, .oid = 2};

v1::Finding Finding(v1::CheckArea area, v1::FindingKind kind, const Fid& fid, uint64_t stated = 0,
                    uint64_t counted = 0) {
  v1::Finding finding;
  finding.set_area(area);
  finding.set_kind(kind);
  *finding.mutable_fid() = ToWire(fid);
  finding.set_stated(stated);
  finding.set_counted(counted);
  return finding;
}

class UnclaimedNamesTest : public testing::Test {
 protected:
  void MeetEntry() { EXPECT_TRUE(names.Reconcile(Finding(v1::CHECK_ENTRIES, v1::FINDING_NAME, kOne)).has_value()); }
  UnclaimedNames names;
};

TEST_F(UnclaimedNamesTest, AnInodeIsNotLostWhoseEntryWasMet) {
  MeetEntry();
  EXPECT_FALSE(names.Reconcile(Finding(v1::CHECK_INODES, v1::FINDING_LOST, kOne, 1)).has_value());
  EXPECT_FALSE(names.Reconcile(Finding(v1::CHECK_INODES, v1::FINDING_LOST, kOne)).has_value()) << "a directory";
  EXPECT_TRUE(names.Reconcile(Finding(v1::CHECK_INODES, v1::FINDING_LOST, kOther, 1)).has_value());
}

TEST_F(UnclaimedNamesTest, LinksAreCountedWithTheEntriesThatWereMet) {
  MeetEntry();
  EXPECT_FALSE(names.Reconcile(Finding(v1::CHECK_INODES, v1::FINDING_NLINK, kOne, 2, 1)).has_value());
  MeetEntry();
  const auto wrong = names.Reconcile(Finding(v1::CHECK_INODES, v1::FINDING_NLINK, kOne, 2, 1));
  ASSERT_TRUE(wrong.has_value());
  EXPECT_EQ(wrong->counted(), 3U);
}

TEST_F(UnclaimedNamesTest, AnInodeWithEntriesButAnotherNumberOfLinksIsNotLostButMiscounted) {
  MeetEntry();
  const auto found = names.Reconcile(Finding(v1::CHECK_INODES, v1::FINDING_LOST, kOne, 5));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind(), v1::FINDING_NLINK);
}

TEST_F(UnclaimedNamesTest, OtherFindingsPassThrough) {
  MeetEntry();
  EXPECT_TRUE(names.Reconcile(Finding(v1::CHECK_INODES, v1::FINDING_SIZE, kOne)).has_value());
  EXPECT_TRUE(names.Reconcile(Finding(v1::CHECK_LINKS, v1::FINDING_NAME, kOne)).has_value());
}

}  // namespace
}  // namespace nacre
