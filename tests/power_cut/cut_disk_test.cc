// The disk that loses power is judged first: what it must keep it keeps, what it may lose it sometimes loses.
#include "tests/power_cut/cut_disk.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "tests/contract/temp_directory.h"

namespace nacre {
namespace {

// What is found at path after each of many cuts that follow the same story; "-": nothing there.
std::set<std::string> Outcomes(const std::string& path, const std::function<void(CutDisk&, const std::string& top)>& story,
                               uint64_t cuts = 100) {
  std::set<std::string> found;
  for (uint64_t seed = 0; seed < cuts; ++seed) {
    const TempDirectory directory;
    const std::string top = directory.path() + "/d";
    CutDisk disk(top, EmptyDisk(), seed);
    story(disk, top);
    const DiskNodePtr file = disk.Left(CutDisk::End::kPowerCut)->Find(path);
    found.insert(file == nullptr ? "-" : file->Content());
  }
  return found;
}
using Set = std::set<std::string>;

TEST(CutDisk, KeepsWhatWasSyncedWithItsName) {
  EXPECT_EQ(Outcomes("a", [](CutDisk& disk, const std::string& top) {
    auto file = disk.Open(top + "/a", true, false);
    disk.Write(file, 0, "old");
    disk.Sync(file);
    disk.Sync(disk.Open(top, false, false));
  }), Set{"old"});
}

TEST(CutDisk, MayLoseTheNameOfASyncedFile) {
  EXPECT_EQ(Outcomes("a", [](CutDisk& disk, const std::string& top) {
    auto file = disk.Open(top + "/a", true, false);
    disk.Write(file, 0, "old");
    disk.Sync(file);
  }), (Set{"-", "old"}));
}

TEST(CutDisk, ReplacesByRenameWhollyOrNotAtAll) {
  EXPECT_EQ(Outcomes("a", [](CutDisk& disk, const std::string& top) {
    auto file = disk.Open(top + "/a", true, false);
    disk.Write(file, 0, "old");
    disk.SyncAll();
    auto fresh = disk.Open(top + "/b", true, false);
    disk.Write(fresh, 0, "new");
    disk.Sync(fresh);
    disk.Rename(top + "/b", top + "/a");
  }), (Set{"old", "new"}));
}

TEST(CutDisk, TearsAWriteAtSectorsButFillsWhatItAdded) {
  const Set found = Outcomes("a", [](CutDisk& disk, const std::string& top) {
    auto file = disk.Open(top + "/a", true, false);
    disk.Write(file, 0, std::string(1024, 'o'));
    disk.SyncAll();
    disk.Write(file, 0, std::string(2048, 'n'));
  }, 1000);
  const std::string o(512, 'o'), n(512, 'n');
  EXPECT_TRUE(found.contains(o + o)) << "nothing happened";
  EXPECT_TRUE(found.contains(n + n + n + n)) << "all of it";
  EXPECT_TRUE(found.contains(o + n)) << "torn, and not yet longer";
  EXPECT_TRUE(found.contains(o + n + n)) << "longer by a part";
  for (const std::string& content : found) {
    for (size_t at = 0; at < content.size(); at += 512) {
      const std::string sector = content.substr(at, 512);
      EXPECT_TRUE(sector == n || (at < 1024 && sector == o));
    }
  }
}

TEST(CutDisk, MayUndoAHoleAndARemoval) {
  EXPECT_EQ(Outcomes("a", [](CutDisk& disk, const std::string& top) {
    auto file = disk.Open(top + "/a", true, false);
    disk.Write(file, 0, "old");
    disk.SyncAll();
    disk.Clear(file, 0, 2);
  }), (Set{"old", std::string("\0\0d", 3)}));
  EXPECT_EQ(Outcomes("a", [](CutDisk& disk, const std::string& top) {
    disk.Open(top + "/a", true, false);
    disk.SyncAll();
    disk.Remove(top + "/a");
  }), (Set{"", "-"}));
}

TEST(CutDisk, CutsInTheMiddleOfTheCallThatWasNamed) {
  EXPECT_EQ(Outcomes("a", [](CutDisk& disk, const std::string& top) {
    auto file = disk.Open(top + "/a", true, false);
    disk.SyncAll();
    disk.EndAfter(2, CutDisk::End::kPowerCut);
    disk.Write(file, 0, "1");
    disk.Sync(file);  // does not come to its end
    disk.Write(file, 0, "2");
    disk.SyncAll();
    EXPECT_TRUE(disk.ended());
  }), (Set{"", "1"}));
}

TEST(CutDisk, AKillLosesNothingButWhatWasNotSyncedStillIsNot) {
  std::set<std::string> found;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const TempDirectory directory;
    const std::string top = directory.path() + "/first", second_top = directory.path() + "/second";
    CutDisk disk(top, EmptyDisk(), seed);
    disk.MakeDirectory(top + "/d");
    disk.Write(disk.Open(top + "/d/f", true, false), 3, "x");
    CutDisk second(second_top, disk.Left(CutDisk::End::kKill), seed);
    std::ifstream in(second_top + "/d/f", std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    ASSERT_EQ(text.str(), std::string("\0\0\0x", 4));
    second.Sync(second.Open(second_top + "/d/f", false, false));
    second.Sync(second.Open(second_top, false, false));
    const DiskNodePtr file = second.Left(CutDisk::End::kPowerCut)->Find("d/f");
    found.insert(file == nullptr ? "-" : file->Content());
  }
  EXPECT_EQ(found, (Set{"-", std::string("\0\0\0x", 4)})) << "d was not synced";
}

}  // namespace
}  // namespace nacre
