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
// Who is not root takes both bits away by writing: they come after the close, when all of the content is there.
TEST_F(Copies, ACopyOfAProgramThatRunsUnderItsOwnersIdsIsOneToo) {
  constexpr uint32_t kSomebody = 65534;
  const auto set_mode = [](TestClient& who, const std::string& path, uint32_t mode) {
    v1::SetAttrRequest request;
    *request.mutable_fid() = who.Stat(path)->fid();
    request.set_set_mode(true);
    request.set_mode(mode);
    return who.Run(who.core.names().SetAttr(std::move(request))).code();
  };
  const auto copy = [](TestClient& who, const std::string& to) {
    return who.Run(CopyTree(&who.core, "/p/from", to, CopyOptions()))->failures.size();
  };
  ASSERT_EQ(client.MakeDir("/p"), Code::kOk);
  ASSERT_EQ(set_mode(client, "/p", 0777), Code::kOk);
  TestClient owner(cluster, 3, std::chrono::seconds(60), kSomebody);
  owner.Put("/p/from", kContent);
  ASSERT_EQ(set_mode(owner, "/p/from", 06755), Code::kOk);
  for (const std::string to : {"/p/new", "/p/new", "/p/by_root"}) {
    TestClient& who = to == "/p/by_root" ? client : owner;
    EXPECT_EQ(copy(who, to), 0u) << to;
    EXPECT_EQ(who.Stat(to)->attr().mode(), 06755u) << to;
    EXPECT_EQ(who.Stat(to)->attr().mtime_ns(), who.Stat("/p/from")->attr().mtime_ns()) << to;
    EXPECT_EQ(who.Get(to), kContent) << to;
  }
}

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

// A copy has memory while it waits for its turn to read. Nobody who has such a turn may wait for memory; and what writes a
// piece otherwise than it was planned (it has holes) gives its memory back first.
TEST_F(Copies, CopiesAndWritesGetByTogetherWithLittleMemory) {
  TestClient small{cluster, 3, std::chrono::seconds(60), 0, 4 << 20};
  ASSERT_EQ(small.Unlock("/d", 1), Code::kOk);
  SeededRandom dice(4);
  const Bytes content = RandomBytes(dice, 4 << 20);
  client.Put("/d/source0", std::string_view(reinterpret_cast<const char*>(content.data()), content.size()));
  Bytes with_holes(content.size(), 0);
  const Opened source = client.Create("/d/source1");
  for (size_t at = 0; at < content.size(); at += content.size() / 8) {
    const ByteView data = ByteView(content).subspan(at, 200'000);
    std::copy(data.begin(), data.end(), with_holes.begin() + static_cast<ptrdiff_t>(at));
    ASSERT_TRUE(client.Write(source, at, data).ok());
  }
  ASSERT_TRUE(client.Run(source->Truncate(content.size())).ok());
  ASSERT_TRUE(client.Close(source).ok());
  auto copy_to = [&small](std::string from, std::string to) -> Task<Status> {
    const Result<CopyReport> report = co_await CopyTree(&small.core, from, to, CopyOptions());
    if (!report.ok()) co_return report.status();
    co_return report->failures.empty() ? Status::Ok() : report->failures.front().second;
  };
  constexpr size_t kFiles = 6, kPieces = 8, kPieceBytes = 300'000;  // more pieces than may be under way at once
  std::vector<Opened> files;
  std::vector<Task<Status>> tasks;
  for (size_t i = 0; i < kFiles; ++i) {
    files.push_back(small.Create("/d/file" + std::to_string(i), 2));
    tasks.push_back(copy_to("/d/source" + std::to_string(i % 2), "/d/copy" + std::to_string(i)));
    for (size_t piece = 0; piece < kPieces; ++piece) {
      const size_t at = piece * kPieceBytes;
      tasks.push_back(files.back()->Write(at, ByteView(content).subspan(at, kPieceBytes)));
    }
  }
  for (const Status& status : cluster.loop.Run(WhenAll(std::move(tasks)))) EXPECT_TRUE(status.ok()) << status.ToString();
  for (size_t i = 0; i < kFiles; ++i) {
    EXPECT_TRUE(small.All(files[i]) == Bytes(content.begin(), content.begin() + kPieces * kPieceBytes));
    EXPECT_TRUE(small.Close(files[i]).ok());
    const Opened copy = small.Open("/d/copy" + std::to_string(i), false);
    EXPECT_TRUE(small.All(copy) == (i % 2 == 0 ? content : with_holes));
    EXPECT_TRUE(small.Close(copy).ok());
  }
}

}  // namespace
}  // namespace nacre
