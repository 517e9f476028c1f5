// Whole command lines against a cluster that is not there: what is wrong in a line is found before anything is asked of it.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "client/shell/app.h"
#include "client/shell/shell_session.h"

namespace nacre::shell {
namespace {

class RunLineTest : public testing::Test {
 protected:
  void SetUp() override {
    config_ = testing::TempDir() + "/client.toml";
    std::ofstream(config_) << "mds = \"127.0.0.1:1\"\n";
  }
  int Run(std::vector<std::string> words) {
    words.insert(words.begin(), {"--config", config_});
    return RunLine(words, streams_, holder_, {});
  }
  std::string Err() { return std::exchange(err_, std::ostringstream()).str(); }

  std::string config_;
  std::istringstream in_;
  std::ostringstream out_, err_;
  Streams streams_{.in = in_, .out = out_, .err = err_};
  int connects_ = 0;
  ClientHolder holder_{[this](const ClientOptions& options) -> Result<std::unique_ptr<Client>> {
    ++connects_;
    return Status(Code::kUnavailable, "MDT0000 at " + options.mds_address + " does not answer");
  }};
};

TEST_F(RunLineTest, MistakesInTheLineAreUsageErrorsAndReachNoServer) {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"frobnicate"},
      {"ls", "--no-such-option"},
      {"cat"},
      {"cat", "relative"},
      {"mkdir", "-i", "0", "/a"},
      {"mkdir", "-c", "2", "/a"},
      {"setstripe", "-L", "mdt", "-E", "1M", "/a"},
      {"setstripe", "-S", "100", "/a"},
      {"setstripe", "-c", "0x", "/a"},
      {"encrypt", "/v"},
      {"encrypt", "/v", "--passphrase-file", "f"},
      {"encrypt", "/v", "--key-file", "f", "--padding", "7"},
      {"encrypt", "/v", "--key-file", "f", "--names", "rot13"},
      {"unlock", "/v"},
      {"debug", "raw", "/a", "--mirror", "1"},
      {"debug"},
      {"key"},
      {"dev", "up", "/tmp/nowhere", "--mdts", "2"},
      {"dev", "up", "/tmp/nowhere", "--osts", "0"},
      {"chmod", "zzz", "/a"},
      {"chown", "no-such-user-at-all", "/a"},
      {"truncate", "-s", "lots", "/a"},
      {"read", "/a", "--offset", "-1"},
      {"write", "/a", "--offset", "x"},
      {"mount", "/", "/mnt"},
      {"ls", "/", "--wait-timeout", "5"},
      {"setfattr", "/a"},
      {"find", "/", "-type", "z"},
      {"mv", "/a"},
  };
  for (const auto& line : lines) {
    EXPECT_EQ(Run(line), kExitUsage) << testing::PrintToString(line);
    EXPECT_NE(Err(), "") << testing::PrintToString(line);
  }
  EXPECT_EQ(connects_, 0);
}

TEST_F(RunLineTest, AServerThatIsNotReachedIsNamedAndExitsSeven) {
  EXPECT_EQ(Run({"ls", "/"}), kExitUnavailable);
  const std::string err = Err();
  EXPECT_NE(err.find("127.0.0.1:1"), std::string::npos) << err;
  EXPECT_NE(err.find("try:"), std::string::npos) << err;
  EXPECT_EQ(out_.str(), "");
}

TEST_F(RunLineTest, UnknownCommandsAndOptionsGetTheNearestName) {
  Run({"trunkate", "/a"});
  EXPECT_NE(Err().find("did you mean 'truncate'"), std::string::npos);
  Run({"put", "--recursiv", "a", "/a"});
  EXPECT_NE(Err().find("did you mean '--recursive'"), std::string::npos);
}

TEST_F(RunLineTest, HelpAndVersionAreResults) {
  EXPECT_EQ(Run({"--version"}), kExitOk);
  EXPECT_EQ(Run({"put", "--help"}), kExitOk);
  EXPECT_EQ(Run({"help", "dev", "up"}), kExitOk);
  EXPECT_EQ(Run({"completion", "bash"}), kExitOk);
  EXPECT_EQ(Err(), "");
  EXPECT_NE(out_.str().find("nacre put -r"), std::string::npos);
}

TEST_F(RunLineTest, AMissingConfigurationIsNotAMissingFile) {
  EXPECT_EQ(RunLine({"--config", "/no/such/file", "stat", "/a"}, streams_, holder_, {}), kExitError);
  EXPECT_NE(Err().find("/no/such/file"), std::string::npos);
}

TEST_F(RunLineTest, TheShellStopsAtTheFirstErrorUnlessToldOtherwise) {
  ShellSession session({.config = config_}, streams_, holder_);
  EXPECT_EQ(session.RunText("pwd; frobnicate; pwd", false), kExitUsage);
  EXPECT_EQ(out_.str(), "/\n");
  EXPECT_EQ(session.RunText("frobnicate; pwd; ls /", true), kExitUsage);
  EXPECT_EQ(out_.str(), "/\n/\n");
  EXPECT_EQ(session.RunText("exit; frobnicate", false), kExitOk);
  EXPECT_TRUE(session.ended());
}

TEST_F(RunLineTest, TheShellCompletesCommandsAndOptions) {
  ShellSession session({.config = config_}, streams_, holder_);
  EXPECT_EQ(session.Complete({}, "trun"), (std::vector<std::string>{"truncate"}));
  EXPECT_EQ(session.Complete({"dev"}, "sta"), (std::vector<std::string>{"start", "status"}));
  EXPECT_EQ(session.Complete({"rm"}, "--rec"), (std::vector<std::string>{"--recursive"}));
  EXPECT_TRUE(session.Complete({"ls"}, "/").empty()) << "without a cluster there is nothing to propose";
}

}  // namespace
}  // namespace nacre::shell
