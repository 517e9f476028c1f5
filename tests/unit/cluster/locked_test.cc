// Without the key (DESIGN §4): names and attributes can be looked at and removed, nothing can be opened or made. With a
// wrong key nothing changes. And whatever happens, no server stores clear text (promise P1).
#include "common/fs/nokey_name.h"
#include "tests/unit/cluster/test_client.h"

namespace nacre {
namespace {

constexpr char kNameCanary[] = "CanaryNameOfAFile";
constexpr char kContentCanary[] = "CanaryContentThatNobodyMayStore";
constexpr char kTargetCanary[] = "CanaryTargetOfASymlink";

class Locked : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
    ASSERT_EQ(client.MakeDir("/d/sub"), Code::kOk);
    client.Put(std::string("/d/") + kNameCanary, kContentCanary);
    client.Put("/d/sub/inner", std::string(5000, 'x') + kContentCanary);
    ASSERT_EQ(client.Symlink(kTargetCanary, "/d/link"), Code::kOk);
    ASSERT_EQ(client.MakeDir("/plain"), Code::kOk);
    client.Put("/plain/file", "plain");
  }
  // The no-key name of what is `type` in /d.
  std::string Shown(v1::FileType type) {
    for (const std::string& name : client.List("/d")) {
      const Result<v1::Inode> inode = client.Stat("/d/" + name);
      EXPECT_TRUE(inode.ok()) << inode.status().ToString();
      if (inode.ok() && inode->attr().type() == type) return "/d/" + name;
    }
    ADD_FAILURE() << "none of type " << type;
    return "";
  }

  Cluster cluster{41, 2};
  TestClient client{cluster, 42};
};

TEST_F(Locked, NamesAreNoKeyNamesAndAttributesAreExact) {
  ASSERT_EQ(client.Lock("/d"), Code::kOk);
  const std::vector<std::string> names = client.List("/d");
  EXPECT_EQ(names.size(), 3U);
  for (const std::string& name : names) EXPECT_TRUE(DecodeNokeyName(name).ok()) << name;
  EXPECT_EQ(client.SizeOf(Shown(v1::FILE_TYPE_REGULAR)), sizeof(kContentCanary) - 1);
  EXPECT_EQ(client.Stat(std::string("/d/") + kNameCanary).code(), Code::kNotFound) << "a clear name names nothing";
}

TEST_F(Locked, NothingIsOpenedMadeLinkedOrRenamed) {
  ASSERT_EQ(client.Lock("/d"), Code::kOk);
  const std::string file = Shown(v1::FILE_TYPE_REGULAR), dir = Shown(v1::FILE_TYPE_DIRECTORY);
  EXPECT_EQ(client.TryOpen(file, TestClient::Existing(false)).code(), Code::kNoKey);
  EXPECT_EQ(client.TryOpen(file, TestClient::Existing(true)).code(), Code::kNoKey);
  FileOpener::Wish emptying = TestClient::Existing(true);
  emptying.truncate = true;
  EXPECT_EQ(client.TryOpen(file, emptying).code(), Code::kNoKey);
  EXPECT_EQ(client.SizeOf(file), sizeof(kContentCanary) - 1) << "nothing was emptied";
  EXPECT_EQ(client.TryOpen("/d/new", TestClient::NewFile()).code(), Code::kNoKey);
  EXPECT_EQ(client.MakeDir("/d/new"), Code::kNoKey);
  EXPECT_EQ(client.Symlink("x", "/d/new"), Code::kNoKey);
  EXPECT_EQ(client.Link("/plain/file", "/d/new"), Code::kNoKey);
  EXPECT_EQ(client.Rename(file, "/d/new"), Code::kNoKey);
  EXPECT_EQ(client.Rename(file, "/plain/new"), Code::kNoKey);
  EXPECT_EQ(client.Rename("/plain/file", "/d/new"), Code::kNoKey);
  EXPECT_EQ(client.Rename(dir, "/plain/new"), Code::kNoKey);
  EXPECT_EQ(client.Link(file, "/plain/linked"), Code::kOk) << "as in the kernel";
  EXPECT_EQ(client.Rename("/d", "/e"), Code::kOk) << "the locked directory itself may be renamed";
}

TEST_F(Locked, RawPagesNeedNoKeyButTheRightToRead) {
  ASSERT_EQ(client.Lock("/d"), Code::kOk);
  const std::string file = Shown(v1::FILE_TYPE_REGULAR);
  TestClient somebody(cluster, 43, std::chrono::seconds(60), 65534);
  const auto raw = [](TestClient& who, const std::string& path) -> Result<Bytes> {
    const Result<Opened> opened = who.Run(who.core.opener().OpenRaw(path));
    if (!opened.ok()) return opened.status();
    Bytes page(kPageBytes);
    EXPECT_EQ(*who.Run((*opened)->ReadRaw(0, 1, page)), 1u);
    EXPECT_TRUE(who.Close(*opened).ok());
    return page;
  };
  for (const std::string& path : {file, std::string("/plain/file")}) {
    const Bytes page = raw(client, path).value();
    EXPECT_EQ(raw(somebody, path).value(), page) << path << " may be read by everybody";
    v1::SetAttrRequest request;
    *request.mutable_fid() = client.Stat(path)->fid();
    request.set_set_mode(true);
    request.set_mode(0600);
    ASSERT_TRUE(client.Run(client.core.names().SetAttr(std::move(request))).ok());
    EXPECT_EQ(raw(somebody, path).code(), Code::kAccessDenied) << path;
    EXPECT_EQ(raw(client, path).value(), page) << path;
  }
  EXPECT_EQ(raw(client, "/plain").code(), Code::kIsDirectory);
}

TEST_F(Locked, ThingsAreRemovedByTheirNoKeyNames) {
  ASSERT_EQ(client.Lock("/d"), Code::kOk);
  EXPECT_EQ(client.Unlink(Shown(v1::FILE_TYPE_REGULAR)), Code::kOk);
  EXPECT_EQ(client.List("/d").size(), 2U);
  EXPECT_EQ(client.RemoveTree("/d"), Code::kOk);
  EXPECT_EQ(client.Stat("/d").code(), Code::kNotFound);
}

TEST_F(Locked, AWrongKeyIsToldAndChangesNothing) {
  ASSERT_EQ(client.Lock("/d"), Code::kOk);
  EXPECT_EQ(client.Unlock("/d", 2), Code::kWrongKey);
  EXPECT_EQ(client.TryOpen(Shown(v1::FILE_TYPE_REGULAR), TestClient::Existing(false)).code(), Code::kNoKey);
  EXPECT_EQ(client.Encrypt("/d", 2), Code::kWrongKey);
  ASSERT_EQ(client.Unlock("/d", 1), Code::kOk);
  EXPECT_EQ(client.Get(std::string("/d/") + kNameCanary), kContentCanary);
  EXPECT_EQ(client.Get("/d/sub/inner"), std::string(5000, 'x') + kContentCanary);
}

TEST_F(Locked, NoServerStoresClearTextOfWhatIsEncrypted) {
  ASSERT_EQ(client.Rename(std::string("/d/") + kNameCanary, std::string("/d/sub/") + kNameCanary), Code::kOk);
  const Opened file = client.Open("/d/sub/inner");
  ASSERT_TRUE(client.Write(file, 70'000, kContentCanary).ok());
  ASSERT_TRUE(client.Run(file->Truncate(70'020)).ok());
  ASSERT_TRUE(client.Run(file->Punch(5020, 10)).ok());
  ASSERT_TRUE(client.Close(file).ok());
  ASSERT_TRUE(client.Run(client.core.Commit()).ok());
  for (const std::string canary : {kNameCanary, kContentCanary, kTargetCanary}) {
    EXPECT_FALSE(cluster.Stores(canary.substr(0, 14))) << canary;
  }
  client.Put("/plain/PlainNameIsSeen", "PlainContentIsSeen");
  EXPECT_TRUE(cluster.Stores("PlainNameIsSeen")) << "the search finds what is there";
  EXPECT_TRUE(cluster.Stores("PlainContentIsSeen"));
}

TEST(Policies, RenamesAndLinksAcrossTwoPoliciesAreRefused) {
  Cluster cluster(51, 2);
  TestClient client(cluster, 52);
  ASSERT_EQ(client.Encrypt("/one", 1), Code::kOk);
  ASSERT_EQ(client.Encrypt("/two", 2), Code::kOk);
  ASSERT_EQ(client.MakeDir("/plain"), Code::kOk);
  for (const char* dir : {"/one", "/two", "/plain"}) {
    client.Put(std::string(dir) + "/f", dir);
    ASSERT_EQ(client.MakeDir(std::string(dir) + "/sub"), Code::kOk);
  }
  EXPECT_EQ(client.Rename("/one/f", "/two/g"), Code::kCrossPolicy);
  EXPECT_EQ(client.Link("/one/f", "/two/g"), Code::kCrossPolicy);
  EXPECT_EQ(client.Rename("/one/sub", "/two/moved"), Code::kCrossPolicy);
  EXPECT_EQ(client.Rename("/plain/f", "/one/g"), Code::kCrossPolicy);
  EXPECT_EQ(client.Link("/plain/f", "/one/g"), Code::kCrossPolicy);
  EXPECT_EQ(client.Rename("/plain/sub", "/one/moved"), Code::kCrossPolicy);
  EXPECT_EQ(client.Encrypt("/one/sub/other", 2), Code::kCrossPolicy);
  EXPECT_EQ(client.Encrypt("/plain", 1), Code::kNotEmpty);
  // Out of an encrypted directory into a plain one is allowed, and inside one.
  EXPECT_EQ(client.Rename("/one/f", "/one/sub/f"), Code::kOk);
  EXPECT_EQ(client.Link("/one/sub/f", "/one/g"), Code::kOk);
  EXPECT_EQ(client.Rename("/one/sub/f", "/plain/taken_out"), Code::kOk);
  EXPECT_EQ(client.Get("/plain/taken_out"), "/one");
  EXPECT_EQ(client.Get("/one/g"), "/one");
  EXPECT_EQ(client.Run(client.core.names().Rename("/two/f", "/plain/f", false, true)).code(), Code::kCrossPolicy)
      << "an exchange would bring a plain file in";
  EXPECT_EQ(client.Get("/two/f"), "/two");
}

}  // namespace
}  // namespace nacre
