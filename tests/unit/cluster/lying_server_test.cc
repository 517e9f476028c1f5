// A metadata server that lies (docs/threat-model.md): whatever it says of a file in an encrypted directory, no clear text
// goes to it; whatever it says of a name, nobody is led out of a directory.
#include "client/core/shown_entry.h"
#include "tests/unit/cluster/test_client.h"

namespace nacre {
namespace {

const std::string kCanary = "canary-content-1f8e";

class LyingServer : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
    ASSERT_EQ(client.MakeDir("/d/sub"), Code::kOk);
    client.Put("/d/file", "old content");
    ASSERT_EQ(client.MakeDir("/plain"), Code::kOk);
    client.Put("/plain/file", "x");
  }
  // Lies about the contexts of inodes in these replies from now on.
  using Lie = std::function<std::string(const std::string&)>;
  void ShowContexts(const std::string& in, const Lie& as) {
    client.log.tamper = [in, as](const std::string& name, google::protobuf::Message& reply) {
      v1::Inode* inode = nullptr;
      if (name != in) return;
      if (name == "mds.Open") inode = static_cast<v1::OpenReply&>(reply).mutable_inode();
      if (name == "mds.Make") inode = static_cast<v1::MakeReply&>(reply).mutable_inode();
      if (name == "mds.Lookup") inode = static_cast<v1::LookupReply&>(reply).mutable_inode();
      if (inode != nullptr) inode->set_context(as(inode->context()));
    };
  }
  static std::string None(const std::string&) { return std::string(); }
  static std::string OtherNonce(std::string context) {
    context.back() = static_cast<char>(context.back() ^ 1);
    return context;
  }
  static std::string OtherKey(std::string context) {
    context[8] = static_cast<char>(context[8] ^ 1);  // key identifier: bytes 8..23
    return context;
  }
  Code CreateAndWrite(const std::string& path) {
    const Result<Opened> file = client.TryOpen(path, TestClient::NewFile());
    if (!file.ok()) return file.code();
    return client.Write(*file, 0, kCanary).code();
  }

  Cluster cluster{1};
  TestClient client{cluster, 2};
};

TEST_F(LyingServer, AFileMadeWithAContextIsNotWrittenInClearWhenTheAnswerHasNone) {
  ShowContexts("mds.Open", None);
  EXPECT_EQ(CreateAndWrite("/d/new"), Code::kIntegrity);
  EXPECT_FALSE(cluster.Stores(kCanary));
}

TEST_F(LyingServer, AFilesNonceIsTheClients) {
  ShowContexts("mds.Open", OtherNonce);
  EXPECT_EQ(CreateAndWrite("/d/new"), Code::kIntegrity);
}

TEST_F(LyingServer, AnOpenOfAFileInAnEncryptedDirectoryMustShowItsPolicy) {
  for (const Lie& lie : {Lie(None), Lie(OtherKey)}) {
    ShowContexts("mds.Open", lie);
    EXPECT_EQ(client.TryOpen("/d/file", TestClient::Existing(true)).code(), Code::kIntegrity);
  }
  client.log.tamper = nullptr;
  EXPECT_EQ(client.Get("/d/file"), "old content");
}

TEST_F(LyingServer, AnOpenAfterALookupMustShowWhatTheLookupShowed) {
  FileOpener::Wish wish = TestClient::Existing(true);
  wish.truncate = true;
  ShowContexts("mds.Open", OtherNonce);
  EXPECT_EQ(client.TryOpen("/d/file", wish).code(), Code::kIntegrity);
}

TEST_F(LyingServer, ADirectoryWithoutItsContextIsNotWalkedInto) {
  // Of the topmost encrypted directory nothing tells the client what it should be; of all below, its parent does.
  const std::string topmost = client.Stat("/d")->context();
  ShowContexts("mds.Lookup", [topmost](const std::string& context) { return context == topmost ? context : std::string(); });
  EXPECT_EQ(client.MakeDir("/d/sub/" + kCanary), Code::kIntegrity);
  EXPECT_EQ(CreateAndWrite("/d/sub/" + kCanary), Code::kIntegrity);
  EXPECT_FALSE(cluster.Stores(kCanary));
}

TEST_F(LyingServer, ADirectoryMadeIsTheOneThatWasSent) {
  for (const Lie& lie : {Lie(None), Lie(OtherNonce)}) {
    ShowContexts("mds.Make", lie);
    EXPECT_EQ(client.MakeDir("/d/made"), Code::kIntegrity);
    client.log.tamper = nullptr;
    EXPECT_EQ(client.Unlink("/d/made", true), Code::kOk);
  }
}

TEST_F(LyingServer, AListingMustShowTheDirectorysPolicy) {
  client.log.tamper = [](const std::string& name, google::protobuf::Message& reply) {
    if (name != "mds.Readdir") return;
    static_cast<v1::ReaddirReply&>(reply).mutable_entries(0)->mutable_inode()->clear_context();
  };
  const Result<DirectoryPtr> directory = client.Run(client.core.names().FindDirectory("/d"));
  ASSERT_TRUE(directory.ok());
  const Result<v1::ReaddirReply> page = client.Run(client.core.names().ReadPage((*directory)->fid(), 0, false));
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->entries_size(), 2);
  const Result<DirectoryEntry> lie = ShowEntry(**directory, page->entries(0), client.core.keys());
  const Result<DirectoryEntry> truth = ShowEntry(**directory, page->entries(1), client.core.keys());
  ASSERT_TRUE(lie.ok() && truth.ok());
  EXPECT_EQ(lie->problem.code(), Code::kIntegrity);
  EXPECT_TRUE(truth->problem.ok()) << "one hides the other";
}

TEST_F(LyingServer, ANameThatLeadsElsewhereIsNotShown) {
  for (const char* path : {"/plain", "/d"}) {
    const Result<DirectoryPtr> directory = client.Run(client.core.names().FindDirectory(path));
    ASSERT_TRUE(directory.ok());
    for (const std::string name : {"../../.profile", "..", ".", "", "/etc/passwd", "a/b"}) {
      EXPECT_EQ((*directory)->ShownName(7, name).code(), Code::kIntegrity) << path << ": " << name;
      v1::ReaddirReply::Entry entry;
      entry.set_cookie(7);
      entry.set_name(name);
      const Result<DirectoryEntry> shown = ShowEntry(**directory, entry, client.core.keys());
      ASSERT_TRUE(shown.ok());
      EXPECT_FALSE(shown->problem.ok());
      EXPECT_TRUE(shown->name.find('/') == std::string::npos && !shown->name.starts_with(".") && !shown->name.empty());
    }
    EXPECT_EQ((*directory)->ShownName(7, std::string("a\0b", 3)).code(), Code::kIntegrity) << path;
  }
}

}  // namespace
}  // namespace nacre
