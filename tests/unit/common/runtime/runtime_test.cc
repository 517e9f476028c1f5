#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "common/base/task.h"
#include "common/runtime/identity_file.h"
#include "common/runtime/open_files.h"
#include "common/runtime/thread_pool.h"

namespace nacre {
namespace {

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/nacre-test-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TEST(ThreadPool, RunsEachJobOnceOnItsOwnThreads) {
  std::atomic<int> ran{0};
  {
    ThreadPool pool(2);
    for (int i = 0; i < 1000; ++i) SyncWait(RunOn(pool, [&] { return ++ran; }));
  }
  EXPECT_EQ(ran, 1000);
}

TEST(ThreadPool, SleepsAtLeastAsLongAsAsked) {
  ThreadPool pool(1);
  SystemClock clock;
  const MonotonicTime began = clock.Now();
  SyncWait([](ThreadPool& on) -> Task<void> { co_await Sleep(on, on, std::chrono::milliseconds(20)); }(pool));
  EXPECT_GE(clock.Now() - began, std::chrono::milliseconds(20));
}

TEST(OpenFiles, AsManyMayBeOpenAsTheAdministratorAllows) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit few{.rlim_cur = 256, .rlim_max = files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(RaiseOpenFileLimit(), files.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
}

TEST(IdentityFile, CountsBootsAndKeepsWhoItIs) {
  TempDir dir;
  SystemRandom random;
  std::string instance;
  for (uint64_t boot = 1; boot <= 3; ++boot) {
    auto file = IdentityFile::Take(dir / "ost", "ost", 4, random);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    EXPECT_EQ(file->identity().boot_count, boot);
    if (boot == 1) {
      instance = file->identity().instance;
      EXPECT_TRUE(file->AdoptFsid(std::string(16, 'f')).ok());
    }
    EXPECT_EQ(file->identity().instance, instance);
    EXPECT_EQ(file->identity().fsid, std::string(16, 'f'));
    EXPECT_EQ(file->AdoptFsid(std::string(16, 'g')).code(), Code::kInvalid);
  }
}

TEST(IdentityFile, RefusesAnotherTargetsDirectory) {
  TempDir dir;
  SystemRandom random;
  ASSERT_TRUE(IdentityFile::Take(dir / "d", "ost", 0, random).ok());
  EXPECT_EQ(IdentityFile::Take(dir / "d", "ost", 1, random).code(), Code::kInvalid);
  EXPECT_EQ(IdentityFile::Take(dir / "d", "mdt", 0, random).code(), Code::kInvalid);
}

TEST(IdentityFile, RefusesADirectoryInUse) {
  TempDir dir;
  SystemRandom random;
  auto held = IdentityFile::Take(dir / "d", "ost", 0, random);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(IdentityFile::Take(dir / "d", "ost", 0, random).code(), Code::kBusy);
}

TEST(IdentityFile, RefusesAForeignOrDamagedDirectory) {
  TempDir dir;
  SystemRandom random;
  std::filesystem::create_directories(dir / "foreign");
  std::ofstream(dir / "foreign/letters.txt") << "mine";
  EXPECT_EQ(IdentityFile::Take(dir / "foreign", "ost", 0, random).code(), Code::kInvalid);
  std::filesystem::create_directories(dir / "damaged");
  std::ofstream(dir / "damaged/identity") << "format = 1\nkind = \"ost\"\nindex = 0\ninstance = \"zz\"\n";
  EXPECT_EQ(IdentityFile::Take(dir / "damaged", "ost", 0, random).code(), Code::kIntegrity);
  std::ofstream(dir / "damaged/identity") << "format = 9\n";
  EXPECT_EQ(IdentityFile::Take(dir / "damaged", "ost", 0, random).code(), Code::kUnsupported);
  std::ofstream(dir / "damaged/identity") << "not [ toml";
  EXPECT_EQ(IdentityFile::Take(dir / "damaged", "ost", 0, random).code(), Code::kIntegrity);
}

}  // namespace
}  // namespace nacre
