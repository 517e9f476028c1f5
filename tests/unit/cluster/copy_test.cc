// Copies of trees: where they go, and what must not be copied onto or into itself.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "client/copy/copy.h"
#include "client/copy/local_source.h"
#include "client/copy/remote_sink.h"
#include "client/copy/tree_copy.h"
#include "tests/unit/cluster/test_client.h"

namespace nacre {
namespace {

class Copies : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
    ASSERT_EQ(client.MakeDir("/d/tree"), Code::kOk);
    ASSERT_EQ(client.MakeDir("/d/tree/sub"), Code::kOk);
    client.Put("/d/tree/file", kContent);
    client.Put("/d/tree/sub/deep", "deep");
  }
  Code Copy(const std::string& from, const std::string& to, bool recursive = true) {
    CopyOptions options;
    options.recursive = recursive;
    const Result<CopyReport> report = client.Run(CopyTree(&client.core, from, to, std::move(options)));
    if (!report.ok()) return report.code();
    return report->failures.empty() ? Code::kOk : report->failures.front().second.code();
  }

  const std::string kContent = std::string(70000, 'c');
  Cluster cluster{1};
  TestClient client{cluster, 2};
};

TEST_F(Copies, AFileCopiedOntoItselfIsRefusedAndStaysWhole) {
  ASSERT_EQ(client.Link("/d/tree/file", "/d/other"), Code::kOk);
  ASSERT_EQ(client.Symlink("tree/file", "/d/link"), Code::kOk);
  for (const std::string to : {"/d/tree/file", "/d/tree", "/d/other", "/d/link"}) {
    EXPECT_EQ(Copy("/d/tree/file", to, false), Code::kInvalid) << to;
    EXPECT_EQ(client.Get("/d/tree/file"), kContent) << to;
  }
  EXPECT_EQ(Copy("/d/tree/file", "/d/tree", true), Code::kInvalid);
  EXPECT_EQ(client.Get("/d/tree/file"), kContent);
}

TEST_F(Copies, ATreeCopiedOntoItselfIsRefusedAndStaysWhole) {
  EXPECT_EQ(Copy("/d/tree", "/d"), Code::kInvalid);
  EXPECT_EQ(client.Get("/d/tree/file"), kContent);
  EXPECT_EQ(client.Get("/d/tree/sub/deep"), "deep");
}

TEST_F(Copies, ATreeIsNotCopiedIntoItself) {
  for (const std::string to : {"/d/tree", "/d/tree/sub", "/d/tree/sub/new"}) {
    EXPECT_EQ(Copy("/d/tree", to), Code::kInvalid) << to;
  }
  EXPECT_EQ(client.List("/d/tree/sub"), std::vector<std::string>{"deep"}) << "nothing was begun";
}

TEST_F(Copies, ACopyIntoADirectoryThatHasTheNameMergesAsCpDoes) {
  ASSERT_EQ(client.MakeDir("/d/into"), Code::kOk);
  ASSERT_EQ(Copy("/d/tree", "/d/into"), Code::kOk);
  client.Put("/d/into/tree/mine", "mine");
  ASSERT_EQ(Copy("/d/tree", "/d/into"), Code::kOk);
  EXPECT_EQ(client.Get("/d/into/tree/sub/deep"), "deep");
  EXPECT_EQ(client.Get("/d/into/tree/mine"), "mine");
  EXPECT_EQ(client.Stat("/d/into/tree/tree").code(), Code::kNotFound);
}

// A lying server could show a symlink and a directory of one name.
TEST_F(Copies, ACopyToThisMachineMakesNoDirectoryThroughASymlink) {
  const std::string local = testing::TempDir() + "nacre-symlink-" + std::to_string(getpid());
  std::filesystem::create_directories(local + "/elsewhere");
  std::filesystem::create_directories(local + "/into");
  std::filesystem::create_directory_symlink(local + "/elsewhere", local + "/into/tree");
  CopyOptions options;
  options.recursive = true;
  const Result<CopyReport> report = client.Run(GetTree(&client.core, "/d/tree", local + "/into", std::move(options)));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  ASSERT_EQ(report->failures.size(), 1U);
  EXPECT_EQ(report->failures[0].second.code(), Code::kNotDirectory);
  EXPECT_TRUE(std::filesystem::is_empty(local + "/elsewhere"));
  std::filesystem::remove_all(local);
}

TEST_F(Copies, ASourceThatBecomesShorterIsAFailureAndNotAHole) {
  const std::string local = testing::TempDir() + "nacre-shrinking-" + std::to_string(getpid());
  std::ofstream(local) << kContent;
  const Result<std::shared_ptr<SourceNode>> source = OpenLocalNode(cluster.loop, local, true);
  ASSERT_TRUE(source.ok());
  std::filesystem::resize_file(local, 100);
  const Result<DirectoryPtr> directory = client.Run(client.core.names().FindDirectory("/d"));
  ASSERT_TRUE(directory.ok());
  RemoteSink sink(&client.core, RemoteSinkOptions());
  TreeCopy copy(cluster.loop, cluster.loop, CopyOptions());
  client.Run(copy.Run(*source, sink.Directory(*directory), "short"));
  client.Run(sink.CloseAll());
  const CopyReport report = copy.TakeReport();
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures[0].second.code(), Code::kIo);
  std::remove(local.c_str());
}

}  // namespace
}  // namespace nacre
