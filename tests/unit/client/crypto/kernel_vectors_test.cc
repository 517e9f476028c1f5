// The facts that tests/integration/kernel_oracle once gathered from a running kernel, on every machine.
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "tests/integration/kernel_oracle/kernel_facts.h"

namespace nacre {
namespace {

std::vector<KernelDirectory> Frozen() {
  std::ifstream file(std::string(NACRE_SOURCE_DIR) + "/tests/vectors/fscrypt/kernel.txt");
  return ReadFacts(file);
}

TEST(KernelVectors, AllPaddingsNamesFilesAndSymlinksAreTheKernelsBytes) {
  const auto directories = Frozen();
  ASSERT_EQ(directories.size(), 4u);
  for (const KernelDirectory& directory : directories) {
    EXPECT_GE(directory.names.size(), 60u);
    EXPECT_GE(directory.files.size(), 10u);
    EXPECT_GE(directory.symlinks.size(), 20u);
    EXPECT_THAT(Differences(directory), testing::IsEmpty());
  }
}

TEST(KernelVectors, AChangedFactIsNoticed) {
  auto directories = Frozen();
  ASSERT_FALSE(directories.empty());
  const KernelDirectory& good = directories.front();
  KernelDirectory bad = good;
  bad.names.front().stored.back() ^= 1;
  EXPECT_EQ(Differences(bad).size(), 1u);
  bad = good;
  bad.files.back().stored.back() ^= 1;
  EXPECT_EQ(Differences(bad).size(), 1u);
  bad = good;
  bad.symlinks.back().stored.back() ^= 1;
  EXPECT_EQ(Differences(bad).size(), 1u);
  bad = good;
  bad.context[30] = static_cast<char>(bad.context[30] ^ 1);  // another nonce
  EXPECT_GE(Differences(bad).size(), 20u);
}

TEST(KernelVectors, TextOfAnotherFormIsNotRead) {
  for (const char* text :
       {"name 1 aa bb\n", "master 00\ndirectory 00\nnonsense\n", "master 00\ndirectory 00\nname x\n"}) {
    std::istringstream in(text);
    EXPECT_TRUE(ReadFacts(in).empty()) << text;
  }
}

}  // namespace
}  // namespace nacre
