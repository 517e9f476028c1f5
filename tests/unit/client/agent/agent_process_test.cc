// A real agent process (test_agent: RunAgent and nothing else) through its whole life.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "client/agent/agent_keyring.h"
#include "client/agent/agent_place.h"
#include "client/agent/agent_process.h"
#include "client/agent/unix_socket.h"

namespace nacre {
namespace {

using namespace std::chrono_literals;

constexpr KeyIdentifier kIdentifier{7, 7, 7};
const std::string kFsid = "00112233445566778899aabbccddeeff";

SecretKey TestKey() { return *SecretKey::FromBytes(AsBytes(std::string(64, 'K'))); }

class AgentProcess : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/nacre-agent-test-XXXXXX";
    home_ = mkdtemp(pattern);
    setenv("XDG_RUNTIME_DIR", home_.c_str(), 1);
  }
  void TearDown() override {
    (void)keyring_.RemoveAll(kFsid);
    EXPECT_TRUE(EndsWithin(5s)) << "an agent without keys must end";
    std::filesystem::remove_all(home_);
  }
  bool Runs() {
    const Result<int> fd = agent::ConnectTo(home_ + "/nacre/agent.sock");
    if (fd.ok()) close(*fd);
    return fd.ok();
  }
  bool EndsWithin(std::chrono::milliseconds limit) {
    for (auto waited = 0ms; waited < limit; waited += 50ms) {
      if (!std::filesystem::exists(home_ + "/nacre/agent.sock")) return true;
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }

  std::string home_;
  AgentKeyring keyring_{TEST_AGENT};
};

TEST_F(AgentProcess, WithoutAnAgentThereAreNoKeysAndNoneIsStarted) {
  EXPECT_EQ(keyring_.Find(kFsid, kIdentifier).code(), Code::kNoKey);
  EXPECT_EQ(keyring_.Remove(kFsid, kIdentifier).code(), Code::kNoKey);
  EXPECT_TRUE(keyring_.List(kFsid)->empty());
  EXPECT_FALSE(Runs());
  EXPECT_EQ(AgentKeyring("").Add(kFsid, kIdentifier, TestKey()).code(), Code::kUnavailable);
}

TEST_F(AgentProcess, TheFirstKeyStartsItAndTheLastEndsIt) {
  ASSERT_TRUE(keyring_.Add(kFsid, kIdentifier, TestKey()).ok());
  EXPECT_TRUE(keyring_.Add(kFsid, kIdentifier, TestKey()).ok()) << "again is no error";
  const Result<SecretKey> found = AgentKeyring("").Find(kFsid, kIdentifier);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(*found == TestKey());
  EXPECT_EQ(keyring_.Find("another", kIdentifier).code(), Code::kNoKey);
  EXPECT_EQ(keyring_.List(kFsid)->size(), 1u);
  std::this_thread::sleep_for(1500ms);
  EXPECT_TRUE(Runs()) << "it stays while it holds a key";
  EXPECT_TRUE(keyring_.Remove(kFsid, kIdentifier).ok());
  EXPECT_TRUE(EndsWithin(5s));
}

TEST_F(AgentProcess, ItsSocketIsTheUsersAlone) {
  ASSERT_TRUE(keyring_.Add(kFsid, kIdentifier, TestKey()).ok());
  struct stat info;
  ASSERT_EQ(stat((home_ + "/nacre/agent.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((home_ + "/nacre").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(AgentProcess, ADirectoryOpenToOthersIsNotUsed) {
  std::filesystem::create_directory(home_ + "/nacre");
  chmod((home_ + "/nacre").c_str(), 0755);
  EXPECT_EQ(keyring_.Add(kFsid, kIdentifier, TestKey()).code(), Code::kNotPermitted);
  std::filesystem::remove(home_ + "/nacre");
  std::filesystem::create_symlink("/tmp", home_ + "/nacre");
  EXPECT_EQ(keyring_.Add(kFsid, kIdentifier, TestKey()).code(), Code::kNotPermitted);
}

TEST_F(AgentProcess, HostilePeersDoNotEndIt) {
  ASSERT_TRUE(keyring_.Add(kFsid, kIdentifier, TestKey()).ok());
  SeededRandom random(4711);
  for (int i = 0; i < 300; ++i) {
    const Result<int> fd = agent::ConnectTo(home_ + "/nacre/agent.sock");
    ASSERT_TRUE(fd.ok()) << i;
    std::string bytes(random.Below(2000), '\0');
    random.Fill({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    if (bytes.size() > 4 && random.Below(2) == 0) bytes.replace(0, 4, std::string("\0\0\0\x20", 4));
    (void)send(*fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    close(*fd);
  }
  EXPECT_TRUE(keyring_.Find(kFsid, kIdentifier).ok());
}

TEST_F(AgentProcess, MorePeersThanItServesAtOnceWaitAndItLivesOn) {
  ASSERT_TRUE(keyring_.Add(kFsid, kIdentifier, TestKey()).ok());
  std::vector<int> held;
  for (int i = 0; i < 100; ++i) {
    const Result<int> fd = agent::ConnectTo(home_ + "/nacre/agent.sock");
    if (fd.ok()) held.push_back(*fd);
  }
  std::this_thread::sleep_for(300ms);
  for (int fd : held) close(fd);
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(keyring_.Find(kFsid, kIdentifier).ok());
}

TEST_F(AgentProcess, ManyStartersAtOnceShareOneAgent) {
  std::vector<std::thread> starters;
  for (uint8_t i = 0; i < 8; ++i) {
    starters.emplace_back([i] {
      AgentKeyring keyring(TEST_AGENT);
      EXPECT_TRUE(keyring.Add(kFsid, KeyIdentifier{i}, TestKey()).ok());
    });
  }
  for (std::thread& starter : starters) starter.join();
  EXPECT_EQ(keyring_.List(kFsid)->size(), 8u);
}

TEST_F(AgentProcess, WhenItsDirectoryIsRemovedItEndsWithItsKeys) {
  ASSERT_TRUE(keyring_.Add(kFsid, kIdentifier, TestKey()).ok());
  const Result<int> fd = agent::ConnectTo(home_ + "/nacre/agent.sock");
  ASSERT_TRUE(fd.ok());
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  ASSERT_EQ(setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  std::filesystem::remove_all(home_ + "/nacre");
  char byte;
  EXPECT_EQ(recv(*fd, &byte, 1, 0), 0) << "the connection must end, with the process";
  close(*fd);
}

TEST_F(AgentProcess, AStaleSocketIsReplaced) {
  std::filesystem::create_directory(home_ + "/nacre");
  chmod((home_ + "/nacre").c_str(), 0700);
  const Result<int> dead = agent::ListenAt(home_ + "/nacre/agent.sock");
  ASSERT_TRUE(dead.ok());
  close(*dead);
  EXPECT_TRUE(keyring_.Add(kFsid, kIdentifier, TestKey()).ok());
}

}  // namespace
}  // namespace nacre
