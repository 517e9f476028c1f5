// DevCluster with stand-ins for the servers: processes that only sleep.
#include "client/dev/dev_cluster.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace nacre::dev {
namespace {

class DevClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/nacre-dev-test-XXXXXX";
    home_ = mkdtemp(pattern);
    WriteProgram("nacre-mds", "exec sleep 300");
    WriteProgram("nacre-oss", "exec sleep 300");
  }
  void TearDown() override {
    (void)Cluster().Down(true);
    std::filesystem::remove_all(home_);
  }
  void WriteProgram(const std::string& name, const std::string& body) {
    std::ofstream(home_ + "/" + name) << "#!/bin/sh\n" << body << "\n";
    chmod((home_ + "/" + name).c_str(), 0755);
  }
  DevCluster Cluster() { return DevCluster(home_ + "/d", {.programs = home_, .patience = std::chrono::seconds(10)}); }
  static Probe Ready() {
    return [](const std::vector<Target>&) -> Result<std::string> { return std::string("0123abcd"); };
  }

  std::string home_;
};

TEST_F(DevClusterTest, UpStartsEveryTargetAndIsIdempotent) {
  ASSERT_TRUE(Cluster().Up(Ready()).ok());
  const auto first = Cluster().States();
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->size(), 3u);
  ASSERT_TRUE(Cluster().Up(Ready()).ok());
  const auto second = Cluster().States();
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*second)[i].state, "up");
    EXPECT_EQ((*second)[i].target.process.pid, (*first)[i].target.process.pid);
    EXPECT_EQ((*second)[i].target.address, (*first)[i].target.address);
  }
  EXPECT_EQ(Cluster().Load()->fsid, "0123abcd");
  EXPECT_TRUE(std::filesystem::exists(home_ + "/d/client.toml"));
}

TEST_F(DevClusterTest, KillStopAndStartKeepTheAddress) {
  ASSERT_TRUE(Cluster().Up(Ready()).ok());
  const std::string address = (*Cluster().States())[1].target.address;
  ASSERT_TRUE(Cluster().Kill("ost0").ok());
  EXPECT_EQ((*Cluster().States())[1].state, "down");
  EXPECT_TRUE(Cluster().Kill("ost0").ok()) << "dead already is no error";
  ASSERT_TRUE(Cluster().Start("ost0", Ready()).ok());
  EXPECT_EQ((*Cluster().States())[1].state, "up");
  EXPECT_EQ((*Cluster().States())[1].target.address, address);
  EXPECT_TRUE(Cluster().Stop("mdt0").ok());
  EXPECT_EQ(Cluster().Stop("ost7").code(), Code::kNotFound);
}

TEST_F(DevClusterTest, AServerThatEndsAtOnceIsReportedWithItsLog) {
  WriteProgram("nacre-oss", "echo 'the disk is on fire'; exit 1");
  const Status status = Cluster().Up([](const std::vector<Target>&) -> Result<std::string> {
    return Status(Code::kUnavailable, "not yet");
  });
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_NE(status.message().find("the disk is on fire"), std::string::npos) << status.message();
}

TEST_F(DevClusterTest, APidThatIsSomebodyElsesIsNotTouched) {
  ASSERT_TRUE(Cluster().Up(Ready()).ok());
  DevState state = *Cluster().Load();
  const ProcessId real = state.Find("ost1")->process;
  state.Find("ost1")->process.start_ticks += 1;
  ASSERT_TRUE(StoreState(home_ + "/d", state).ok());
  EXPECT_EQ((*Cluster().States())[2].state, "down");
  EXPECT_TRUE(Cluster().Kill("ost1").ok());
  EXPECT_TRUE(IsAlive(real));
  EXPECT_TRUE(StopAndWait(real, SIGKILL, std::chrono::seconds(5)).ok());
}

TEST_F(DevClusterTest, DownWithWipeLeavesNothingButOthersFiles) {
  ASSERT_TRUE(Cluster().Up(Ready()).ok());
  std::ofstream(home_ + "/d/mine") << "x";
  ASSERT_TRUE(Cluster().Down(true).ok());
  EXPECT_TRUE(std::filesystem::exists(home_ + "/d/mine"));
  EXPECT_FALSE(std::filesystem::exists(home_ + "/d/etc"));
  EXPECT_EQ(Cluster().Down(false).code(), Code::kNotFound);
}

TEST_F(DevClusterTest, ADamagedStateFileIsRefused) {
  std::filesystem::create_directory(home_ + "/d");
  std::ofstream(home_ + "/d/dev.json") << "{\"fsid\":\"\",\"targets\":[\n {\"name\":\"mdt0\"}\n]}";
  EXPECT_EQ(Cluster().States().status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace nacre::dev
