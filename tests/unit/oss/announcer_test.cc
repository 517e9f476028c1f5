// Whether MDT0000 takes a target, at first and later.
#include "oss/announcer.h"

#include "tests/unit/cluster/hosts.h"

namespace nacre {
namespace {

class AnnouncerTest : public testing::Test {
 protected:
  AnnouncerTest() : mds_(loop_, random_, NoOst), other_mds_(loop_, random_, NoOst) {
    mds_.Start();
    other_mds_.Start();
    *place_ = *mds_.place();
  }
  static std::shared_ptr<OssApi> NoOst(uint32_t, const std::shared_ptr<const CallerLife>&) { return nullptr; }
  Announcer AnnouncerOf(const std::string& instance) {
    v1::Target target;
    target.set_kind(v1::TARGET_OST);
    target.set_address("127.0.0.1:9000");
    return {MakeLink(&loop_, place_, &log_), loop_, loop_, target, instance};
  }
  void Beat(Announcer& announcer) {
    loop_.Run(announcer.Beat(kTestFsid, nullptr, [this](const Status& status) { refusals_.push_back(status.code()); }));
  }

  SimLoop loop_{1};
  SeededRandom random_{2};
  MdsHost mds_, other_mds_;
  std::shared_ptr<Place<MdsApi>> place_ = std::make_shared<Place<MdsApi>>();  // where MDT0000 is
  CallLog log_;
  std::vector<Code> refusals_;
};

TEST_F(AnnouncerTest, ATargetThatIsRefusedFromTheFirstIsTold) {
  Announcer right = AnnouncerOf(std::string(16, 'a')), wrong = AnnouncerOf(std::string(16, 'b'));
  Beat(right);
  EXPECT_TRUE(refusals_.empty());
  Beat(wrong);
  EXPECT_EQ(refusals_, std::vector<Code>{Code::kExists});
}

TEST_F(AnnouncerTest, ATargetThatServesGoesOnWhenALaterAnnouncementIsRefused) {
  Announcer serving = AnnouncerOf(std::string(16, 'a')), other = AnnouncerOf(std::string(16, 'b'));
  Beat(serving);
  *place_ = *other_mds_.place();  // MDT0000 comes back from an old copy, in which the index is another's
  Beat(other);
  Beat(serving);
  Beat(serving);
  EXPECT_TRUE(refusals_.empty());
  *place_ = *mds_.place();
  Beat(serving);
  EXPECT_TRUE(refusals_.empty());
}

}  // namespace
}  // namespace nacre
