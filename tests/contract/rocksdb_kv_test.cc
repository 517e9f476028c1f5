#include "common/kv/rocksdb_kv.h"

#include <filesystem>
#include <fstream>

#include "tests/contract/kv_contract.h"
#include "tests/contract/temp_directory.h"

namespace nacre {
namespace {

std::unique_ptr<KvStore> MustOpen(const std::string& path) {
  auto store = OpenRocksKv(path, ContractFamilies(), {});
  EXPECT_TRUE(store.ok()) << store.status().ToString();
  return store.ok() ? std::move(*store) : nullptr;
}

struct RocksWorld {
  std::unique_ptr<KvStore> Open() { return MustOpen(directory.path() + "/kv"); }
  TempDirectory directory;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, KvContract, RocksWorld);

TEST(RocksKv, ASecondOpenerIsToldThatItIsInUse) {
  TempDirectory directory;
  auto first = MustOpen(directory.path());
  auto second = OpenRocksKv(directory.path(), ContractFamilies(), {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.code(), Code::kBusy) << second.status().ToString();
}

TEST(RocksKv, AStoreOfOtherFamiliesIsRefused) {
  TempDirectory directory;
  MustOpen(directory.path());
  auto fewer = OpenRocksKv(directory.path(), {{"plain", nullptr}}, {});
  EXPECT_EQ(fewer.code(), Code::kInvalid) << fewer.status().ToString();
  auto families = ContractFamilies();
  families.push_back({"later", nullptr});
  auto more = OpenRocksKv(directory.path(), families, {});
  EXPECT_EQ(more.code(), Code::kInvalid) << more.status().ToString();
  std::swap(families[0], families[1]);
  families.pop_back();
  EXPECT_EQ(OpenRocksKv(directory.path(), families, {}).code(), Code::kInvalid);
  EXPECT_NE(MustOpen(directory.path()), nullptr);
}

TEST(RocksKv, ADamagedStoreIsReportedNotGuessedAt) {
  TempDirectory directory;
  MustOpen(directory.path());
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().filename().string().starts_with("MANIFEST")) {
      std::ofstream(entry.path(), std::ios::binary | std::ios::trunc) << "not a manifest";
    }
  }
  auto opened = OpenRocksKv(directory.path(), ContractFamilies(), {});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.code(), Code::kIntegrity) << opened.status().ToString();
}

TEST(RocksKv, ADirectoryThatCannotBeMadeIsAnError) {
  TempDirectory directory;
  std::ofstream(directory.path() + "/file") << "x";
  EXPECT_FALSE(OpenRocksKv(directory.path() + "/file/kv", ContractFamilies(), {}).ok());
}

}  // namespace
}  // namespace nacre
