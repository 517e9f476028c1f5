// How many requests things take (promise P3 and DESIGN §5): a create is one, and a context never costs a request.
#include "tests/unit/cluster/test_client.h"

namespace nacre {
namespace {

using Counts = std::map<std::string, uint64_t>;

class RequestCount : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
    client.Put("/d/first", "x");  // grants, sessions at the OSTs, key
    client.Put("/d/second", "y");
    client.Put("/d/third", "z");
    Settle();
  }
  void Settle() {
    EXPECT_TRUE(client.Run(client.core.Commit()).ok());
    client.log.Reset();
    cluster.orders.Reset();
  }
  // Looked up: the walk to the name's directory costs one Lookup.
  Counts Taken() {
    Counts counts = client.log.counts();
    counts.erase("mds.Heartbeat");
    return counts;
  }
  DirectoryPtr Dir() { return *client.Run(client.core.names().FindDirectory("/d")); }

  Cluster cluster{1, 2};
  TestClient client{cluster, 2};
};

TEST_F(RequestCount, ACreateIsOneOpenThatCarriesTheContext) {
  const DirectoryPtr dir = Dir();
  Settle();
  const Result<Opened> file = client.Run(client.core.opener().OpenIn(dir, "new", TestClient::NewFile()));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_EQ(Taken(), (Counts{{"mds.Open", 1}}));
  EXPECT_EQ(cluster.orders.Total(), 0U);
  EXPECT_EQ((*file)->Inode().context().size(), kEncryptionContextBytes);
  EXPECT_EQ((*file)->Inode().context().substr(0, 24), dir->context().substr(0, 24)) << "the parent's policy";
  EXPECT_NE((*file)->Inode().context().substr(24), dir->context().substr(24)) << "a nonce of its own";
  EXPECT_TRUE(client.Close(*file).ok());
}

TEST_F(RequestCount, CreateWriteAndCloseAreAnOpenAWriteACommitAndAClose) {
  const DirectoryPtr dir = Dir();
  Settle();
  const Result<Opened> file = client.Run(client.core.opener().OpenIn(dir, "new", TestClient::NewFile()));
  ASSERT_TRUE(client.Write(*file, 0, Bytes(4096, 'x')).ok());
  ASSERT_TRUE(client.Close(*file).ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Open", 1}, {"oss.Write", 1}, {"oss.Commit", 1}, {"mds.Close", 1}}));
  EXPECT_EQ(cluster.orders.Total(), 0U) << "the close reports the size";
}

TEST_F(RequestCount, ManyCreatesAtOnceInOneDirectoryCostLittleMoreThanAnOpenEach) {
  constexpr uint64_t kFiles = 100;
  std::vector<Task<Status>> creates;
  for (uint64_t i = 0; i < kFiles; ++i) {
    creates.push_back([](TestClient* of, std::string path) -> Task<Status> {
      const Result<Opened> file = co_await of->core.opener().Open(std::move(path), TestClient::NewFile());
      if (!file.ok()) co_return file.status();
      co_return co_await of->core.closer().Close(*file);
    }(&client, "/d/many" + std::to_string(i)));
  }
  for (const Status& status : client.Run(WhenAll(std::move(creates)))) EXPECT_TRUE(status.ok()) << status.ToString();
  const Counts taken = Taken();
  EXPECT_EQ(taken.at("mds.Open"), kFiles);
  EXPECT_LE(taken.at("mds.Lookup"), kFiles / 2);
  EXPECT_LE(taken.at("mds.Close"), kFiles / 2);
}

TEST_F(RequestCount, OpenReadAndCloseAreAnOpenAndARead) {
  const DirectoryPtr dir = Dir();
  Settle();
  const Result<Opened> file = client.Run(client.core.opener().OpenIn(dir, "first", TestClient::Existing(false)));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(client.Read(*file, 0, (*file)->size())->size(), 1U);
  ASSERT_TRUE(client.Close(*file).ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Open", 1}, {"oss.Read", 1}}));
}

TEST_F(RequestCount, StatIsALookupAName) {
  ASSERT_TRUE(client.Stat("/d/first").ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Lookup", 2}}));
}

TEST_F(RequestCount, ChmodIsOneRequestBehindTheLookups) {
  const Result<v1::Inode> inode = client.Stat("/d/first");
  Settle();
  v1::SetAttrRequest request;
  *request.mutable_fid() = inode->fid();
  request.set_set_mode(true);
  request.set_mode(0600);
  const Result<v1::Inode> changed = client.Run(client.core.names().SetAttr(request));
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->context(), inode->context());
  EXPECT_EQ(Taken(), (Counts{{"mds.SetAttr", 1}}));
}

TEST_F(RequestCount, TruncateIsOneRequestAndTheReadOfThePageItCuts) {
  const Opened file = client.Open("/d/first");
  ASSERT_TRUE(client.Write(file, 0, Bytes(10000, 'x')).ok());
  Settle();
  ASSERT_TRUE(client.Run(file->Truncate(8192)).ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Truncate", 1}}));
  Settle();
  ASSERT_TRUE(client.Run(file->Truncate(5000)).ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Truncate", 1}, {"oss.Read", 1}}));
  Settle();
  ASSERT_TRUE(client.Run(file->Truncate(0)).ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Truncate", 1}}));
  EXPECT_EQ(cluster.orders.Count("oss.SetSize"), 0U) << "new object ids instead of orders";
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_F(RequestCount, DirectoriesSymlinksAndNamesAreOneRequestEach) {
  Settle();
  const DirectoryPtr dir = Dir();
  Settle();
  Namespace& names = client.core.names();
  ASSERT_TRUE(client.Run(names.MakeDirectoryIn(dir, "sub", 0755)).ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Make", 1}}));
  Settle();
  ASSERT_TRUE(client.Run(names.MakeSymlinkIn(dir, "link", "target")).ok());
  EXPECT_EQ(Taken(), (Counts{{"mds.Make", 1}}));
  Settle();
  ASSERT_EQ(client.Rename("/d/first", "/d/renamed"), Code::kOk);
  EXPECT_EQ(Taken(), (Counts{{"mds.Lookup", 2}, {"mds.Rename", 1}}));
}

TEST_F(RequestCount, AListingOf2500EntriesIsThreeReaddirs) {
  ASSERT_EQ(client.MakeDir("/d/many"), Code::kOk);
  for (int i = 0; i < 2500; ++i) {
    FileOpener::Wish wish = TestClient::NewFile();
    wish.write = false;
    const Result<Opened> file = client.TryOpen("/d/many/" + std::to_string(i), wish);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    ASSERT_TRUE(client.Close(*file).ok());
  }
  Settle();
  EXPECT_EQ(client.List("/d/many").size(), 2500U);
  EXPECT_EQ(Taken(), (Counts{{"mds.Lookup", 2}, {"mds.Readdir", 3}}));
  EXPECT_EQ(cluster.orders.Total(), 0U);
}

}  // namespace
}  // namespace nacre
