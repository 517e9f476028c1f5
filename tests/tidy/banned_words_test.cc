// No banned word (tests/tidy/word_rules.cc) stands in the tree. Each rule is first shown to catch a planted fault.
#include <gtest/gtest.h>

#include "tests/tidy/word_rules.h"

namespace nacre::tidy {
namespace {

size_t CountOf(const std::string& path, const std::string& text) { return CheckWords({path, text}).size(); }

TEST(BannedWords, NoneStandsInTheTree) {
  Faults faults;
  for (const SourceFile& file : Tree()) {
    for (const std::string& fault : CheckWords(file)) faults.push_back(fault);
    for (const std::string& fault : CheckMachinePaths(file, NACRE_SOURCE_DIR)) faults.push_back(fault);
  }
  EXPECT_EQ(Join(faults), "");
}

TEST(BannedWords, ChanceAndTimeThatAreNotGivenInAreCaught) {
  EXPECT_EQ(CountOf("tests/unit/a.cc", "int a = std::rand();"), 1U);
  EXPECT_EQ(CountOf("common/fs/a.cc", "void f() { srand (1); }"), 1U);
  EXPECT_EQ(CountOf("bench/a.cc", "std::random_device seed;"), 1U);
  EXPECT_EQ(CountOf("common/layout/a.cc", "std::shuffle(a, b, c); std::uniform_int_distribution<int> d;"), 2U);
  EXPECT_EQ(CountOf("mds/core/a.cc", "std::chrono::system_clock::now();"), 1U);
  EXPECT_EQ(CountOf("mds/core/a.cc", "std::chrono::steady_clock::now();"), 1U);
  EXPECT_EQ(CountOf("client/core/a.cc", "std::this_thread::sleep_for(x);"), 1U);
  EXPECT_EQ(CountOf("mds/core/a.cc", "using namespace std;\nusing namespace std::chrono_literals;"), 1U);
  EXPECT_EQ(CountOf("mds/core/a.h", "std::unordered_map<Fid, int, std::hash<Fid>> map;"), 1U);
}

TEST(BannedWords, TheShellAroundTheCoresMayLookAtTheClock) {
  EXPECT_EQ(CountOf("common/runtime/thread_pool.cc", "std::chrono::steady_clock::now();"), 0U);
  EXPECT_EQ(CountOf("tests/integration/a.cc", "std::this_thread::sleep_for(x);"), 0U);
}

TEST(BannedWords, ComparisonsThatLeakTheirLengthAreCaughtInCrypto) {
  EXPECT_EQ(CountOf("client/crypto/a.cc", "if (memcmp(a, b, 16) == 0) return;"), 1U);
  EXPECT_EQ(CountOf("client/crypto/a.cc", "if (sodium_memcmp(a, b, 16) == 0) return;"), 0U);
  EXPECT_EQ(CountOf("common/base/a.cc", "if (memcmp(a, b, 16) == 0) return;"), 0U);
}

TEST(BannedWords, PromisesOfLaterWorkAreCaughtAnywhere) {
  EXPECT_EQ(CountOf("docs/a.md", "TODO: say more"), 1U);
  EXPECT_EQ(CountOf("common/fs/a.cc", "// FIXME later\n/* XXX */"), 2U);
  EXPECT_EQ(CountOf("deploy/a.sh", "mktemp -d /tmp/a.XXXXXX"), 0U);
  EXPECT_EQ(CountOf("docs/a.md", "a\n<<<<<<< HEAD\nb\n"), 1U);
}

TEST(BannedWords, CommentsAndLiteralsAreNotCode) {
  EXPECT_EQ(CountOf("common/fs/a.cc", "// not std::rand()\nauto a = \"std::rand()\"; auto b = R\"x(std::rand())x\";"), 0U);
  EXPECT_EQ(CountOf("common/fs/a.cc", "char a = '\"'; int b = std::rand(); char c = '\"';"), 1U);
  EXPECT_EQ(CountOf("common/fs/a.cc", "int a = 1'000; int b = std::rand(); int c = 1'000;"), 1U);
}

TEST(BannedWords, PathsOfThisMachineAreCaught) {
  EXPECT_EQ(CheckMachinePaths({"docs/a.md", "see /home/me/nacre/docs/b.md"}, "/home/me/nacre").size(), 1U);
  EXPECT_EQ(CheckMachinePaths({"docs/a.md", "see /farm/other/b.md"}, "/farm/nacre").size(), 1U);
  EXPECT_EQ(CheckMachinePaths({"docs/a.md", "see docs/farm/b.md, /tmp/b"}, "/farm/nacre").size(), 0U);
  EXPECT_EQ(CheckMachinePaths({"docs/a.md", "copy it to /tmp/other"}, "/tmp/nacre").size(), 0U);
}

}  // namespace
}  // namespace nacre::tidy
