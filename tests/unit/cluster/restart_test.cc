// Servers lose power (promise P5): what an OST had answered comes again from the clients, byte for byte; what could not come
// again is told to the file concerned and to no other. A restarted MDS, which answers stable changes only, is told what is
// open; who comes too late has stale files, and is told so.
#include "tests/unit/cluster/damage.h"

namespace nacre {
namespace {

class Restart : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override { ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk); }
  // Whatever happened: the metadata is whole, and agrees with the objects.
  void TearDown() override { ExpectSound(cluster); }
  Opened OnOst(const std::string& path, uint32_t ost) {
    FileOpener::Wish wish = TestClient::NewFile();
    wish.hint.set_has_first_ost(true);
    wish.hint.set_first_ost(ost);
    const Result<Opened> file = client.TryOpen(path, wish);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return file.ok() ? *file : nullptr;
  }

  Cluster cluster{GetParam(), 2};
  TestClient client{cluster, GetParam() + 1, std::chrono::seconds(5)};
};

TEST_P(Restart, OfAnOstLosesNoAnsweredWrite) {
  const Opened first = OnOst("/d/first", 0), other = OnOst("/d/other", 1), second = OnOst("/d/second", 0);
  ASSERT_TRUE(client.Write(first, 0, "first").ok());
  ASSERT_TRUE(client.Write(other, 0, "other").ok());
  ASSERT_TRUE(client.Write(second, 0, Bytes(200'000, 's')).ok());
  ASSERT_TRUE(client.Write(first, 3, "STILL").ok());
  cluster.CrashOst(0);
  for (const Opened& file : {first, other, second}) {
    const Status synced = client.Run(file->Sync());
    EXPECT_TRUE(synced.ok()) << synced.ToString();
    const Status closed = client.Close(file);
    EXPECT_TRUE(closed.ok()) << closed.ToString();
  }
  EXPECT_EQ(client.Get("/d/first"), "firSTILL");
  EXPECT_EQ(client.SizeOf("/d/first"), 8U);
  EXPECT_EQ(client.Get("/d/other"), "other");
  EXPECT_EQ(client.Get("/d/second"), std::string(200'000, 's'));
  EXPECT_GT(client.log.replays(), 0U);
}

TEST_P(Restart, OfAnOstBetweenWritesIsNotNoticed) {
  SeededRandom dice(GetParam());
  const Opened file = client.Create("/d/f", 2);
  Bytes model;
  for (int i = 0; i < 60; ++i) {
    const uint64_t at = dice.Below(300'000);
    const Bytes data = RandomBytes(dice, 1 + dice.Below(50'000));
    if (dice.Below(6) == 0) {
      const Status cut = client.Run(file->Truncate(at));
      ASSERT_TRUE(cut.ok()) << cut.ToString();
      model.resize(at);
    } else {
      const Status written = client.Write(file, at, data);
      ASSERT_TRUE(written.ok()) << "in step " << i << ": " << written.ToString();
      if (model.size() < at + data.size()) model.resize(at + data.size());
      std::copy(data.begin(), data.end(), model.begin() + static_cast<ptrdiff_t>(at));
    }
    if (dice.Below(4) == 0) cluster.CrashOst(static_cast<uint32_t>(dice.Below(2)));
    if (dice.Below(8) == 0) {
      ASSERT_TRUE(client.All(file) == model) << "in step " << i;
    }
  }
  EXPECT_TRUE(client.All(file) == model);
  EXPECT_TRUE(client.Close(file).ok());
  EXPECT_EQ(client.SizeOf("/d/f"), model.size());
  EXPECT_GT(client.log.replays(), 0U);
}

TEST_P(Restart, OfAnOstAsAClientEndsLeavesNobodyToWaitFor) {
  TestClient other(cluster, GetParam() + 2, std::chrono::seconds(60));
  ASSERT_TRUE(client.Write(OnOst("/d/f", 0), 0, "kept").ok());
  ASSERT_TRUE(client.Run(client.core.Commit()).ok());
  cluster.CrashOst(0);
  // Nobody reaches it yet.
  const auto& place = cluster.ost_place("ost:0");
  auto* const server = std::exchange(place->server, nullptr);
  cluster.loop.PostAfter(std::chrono::seconds(1), cluster.loop, [&place, server] { place->server = server; });
  EXPECT_TRUE(client.End().ok());
  const MonotonicTime ended = cluster.loop.Now();
  ASSERT_EQ(other.Encrypt("/other", 1), Code::kOk);
  FileOpener::Wish wish = TestClient::NewFile();
  wish.hint.set_has_first_ost(true);
  const Result<Opened> file = other.TryOpen("/other/f", wish);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(other.Write(*file, 0, "at once").ok());
  EXPECT_TRUE(other.Run((*file)->Sync()).ok());
  EXPECT_LT((cluster.loop.Now() - ended).count(), Duration(std::chrono::seconds(10)).count());
  EXPECT_TRUE(other.Close(*file).ok());
}

TEST_P(Restart, OfAnOstIsNoticedByAClientThatOnlyWaits) {
  const Opened file = OnOst("/d/f", 0);
  ASSERT_TRUE(client.Write(file, 0, "kept").ok());
  cluster.CrashOst(0);
  cluster.loop.Pass(std::chrono::seconds(20));
  EXPECT_GT(client.log.replays(), 0U);
  EXPECT_TRUE(client.Close(file).ok());
  EXPECT_EQ(client.Get("/d/f"), "kept");
}

// A copy of its Connect reaches the next life of the server, which then takes its heartbeats; and waits for what it has open.
TEST_P(Restart, OfTheMdsIsNoticedByAClientWhoseSessionIsKnownThere) {
  const Opened file = client.Create("/d/f");
  ASSERT_TRUE(client.Write(file, 0, "kept").ok());
  v1::ConnectRequest copy;
  *copy.mutable_header() = client.core.session().NewHeader(client.core.session().number());
  cluster.CrashMds();
  ASSERT_TRUE(client.Run(cluster.mds_place()->server->Connect(copy)).ok());
  cluster.loop.Pass(std::chrono::seconds(20));
  EXPECT_GT(client.log.Count("mds.Reopen"), 0U);
  cluster.loop.Pass(std::chrono::seconds(40));
  const Status closed = client.Close(file);
  EXPECT_TRUE(closed.ok()) << closed.ToString();
}

TEST_P(Restart, OfAnOstOverAndOverDuringTheReplaysLosesNothing) {
  const Opened file = OnOst("/d/f", 0);
  SeededRandom dice(GetParam());
  Bytes model(40 * kPageBytes);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 30; ++i) {
      const uint64_t page = dice.Below(40);
      const Bytes data = RandomBytes(dice, kPageBytes);
      ASSERT_TRUE(client.Write(file, page * kPageBytes, data).ok());
      std::copy(data.begin(), data.end(), model.begin() + static_cast<ptrdiff_t>(page * kPageBytes));
    }
    cluster.CrashOst(0);
    for (int crash = 0; crash < 3; ++crash) {
      client.log.AtCall("oss.Write", static_cast<int>(dice.Below(10)), [this] { cluster.CrashOst(0); });
    }
    const Status synced = client.Run(file->Sync());
    ASSERT_TRUE(synced.ok()) << synced.ToString();
  }
  const Bytes found = client.All(file);
  ASSERT_LE(found.size(), model.size());
  model.resize(found.size());
  EXPECT_TRUE(found == model);
  EXPECT_TRUE(client.Close(file).ok());
}

// The network to one client is cut until the others have stopped waiting for it.
TEST_P(Restart, OfAnOstIsNotHeldUpByAClientThatIsGoneWhichIsToldWhatItLost) {
  TestClient gone(cluster, GetParam() + 5, std::chrono::seconds(5));
  ASSERT_EQ(gone.Unlock("/d", 1), Code::kOk);
  const Opened mine = OnOst("/d/mine", 0);
  ASSERT_TRUE(client.Write(mine, 0, "mine").ok());
  const Opened file = gone.Create("/d/lost"), seen = gone.Create("/d/seen"), safe = gone.Create("/d/safe");
  ASSERT_TRUE(gone.Write(safe, 0, "safe").ok());
  ASSERT_TRUE(gone.Run(safe->Sync()).ok());
  ASSERT_TRUE(gone.Write(seen, 0, "seen").ok());
  EXPECT_EQ(client.Get("/d/seen"), "seen") << "from here on it may not go with its writer";
  ASSERT_TRUE(gone.Write(file, 0, "lost").ok());
  gone.log.Cut();
  cluster.CrashOst(0);
  cluster.CrashOst(1);
  cluster.loop.Pass(std::chrono::seconds(31));
  EXPECT_TRUE(client.Write(mine, 4, " too").ok());
  EXPECT_EQ(client.Get("/d/seen"), "seen");
  gone.log.Mend();
  const Status told = gone.Close(file);
  const std::string left = client.Get("/d/lost");
  EXPECT_TRUE(left.empty() || left == "lost") << left;
  EXPECT_EQ(told.code(), left.empty() ? Code::kIo : Code::kOk) << told.ToString();
  EXPECT_TRUE(gone.Close(safe).ok());
  const Status fine = gone.Close(seen);
  EXPECT_TRUE(fine.ok()) << fine.ToString();
  EXPECT_TRUE(client.Close(mine).ok());
  EXPECT_EQ(client.Get("/d/mine"), "mine too");
  EXPECT_EQ(client.Get("/d/safe"), "safe");
}

TEST_P(Restart, OfAnOstAfterACommitLosesNothing) {
  const Opened file = client.Create("/d/f", 2);
  SeededRandom dice(GetParam());
  const Bytes content = RandomBytes(dice, 300'000);
  ASSERT_TRUE(client.Write(file, 0, content).ok());
  ASSERT_TRUE(client.Run(client.core.Commit()).ok());
  cluster.CrashOst(0);
  cluster.CrashOst(1);
  EXPECT_TRUE(client.All(file) == content);
  EXPECT_TRUE(client.Close(file).ok());
  EXPECT_EQ(client.SizeOf("/d/f"), content.size());
}

TEST_P(Restart, OfAnOstAfterACloseLosesNothingAndTheEndOfTheClientIsFine) {
  client.Put("/d/f", std::string(100'000, 'x'));
  cluster.CrashOst(0);
  cluster.CrashOst(1);
  EXPECT_EQ(client.Get("/d/f"), std::string(100'000, 'x'));
  const Status ended = client.End();
  EXPECT_TRUE(ended.ok()) << ended.ToString();
}

TEST_P(Restart, OfAnOstWhileATruncateWaitsLetsItFinish) {
  const Opened file = OnOst("/d/f", 0);
  ASSERT_TRUE(client.Write(file, 0, Bytes(10'000, 'x')).ok());
  ASSERT_TRUE(client.Run(file->Sync()).ok());
  cluster.orders.LoseNext("oss.SetSize", CallLog::Loss::kReply);
  const Status cut = client.Run(file->Truncate(5000));
  EXPECT_TRUE(cut.ok()) << cut.ToString();
  cluster.CrashOst(0);
  EXPECT_EQ(client.All(file), Bytes(5000, 'x'));
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(Restart, OfTheMdsLosesNoAnsweredChange) {
  for (int i = 0; i < 20; ++i) client.Put("/d/f" + std::to_string(i), std::to_string(i));
  ASSERT_EQ(client.Rename("/d/f0", "/d/renamed"), Code::kOk);
  ASSERT_EQ(client.Unlink("/d/f1"), Code::kOk);
  ASSERT_EQ(client.MakeDir("/d/sub"), Code::kOk);
  ASSERT_EQ(client.Link("/d/f2", "/d/sub/linked"), Code::kOk);
  cluster.CrashMds();
  EXPECT_EQ(client.List("/d").size(), 20U);
  EXPECT_EQ(client.Get("/d/renamed"), "0");
  EXPECT_EQ(client.Stat("/d/f1").code(), Code::kNotFound);
  EXPECT_EQ(client.Get("/d/sub/linked"), "2");
  for (int i = 3; i < 20; ++i) EXPECT_EQ(client.SizeOf("/d/f" + std::to_string(i)), std::to_string(i).size());
  client.Put("/d/new", "new");
  EXPECT_EQ(client.Get("/d/new"), "new");
}

TEST_P(Restart, OfTheMdsIsNotNoticedByOpenFiles) {
  const Opened written = client.Create("/d/written"), again = client.Open("/d/written", false);
  ASSERT_TRUE(client.Write(written, 0, "content").ok());
  cluster.CrashMds();
  EXPECT_TRUE(client.Write(written, 7, " and more").ok());
  EXPECT_EQ(client.SizeOf("/d/written"), 16U);
  const Status cut = client.Run(written->Truncate(14));
  EXPECT_TRUE(cut.ok()) << cut.ToString();
  cluster.CrashMds();
  EXPECT_EQ(client.Text(again), "content and mo");
  const Status closed = client.Close(written);
  EXPECT_TRUE(closed.ok()) << closed.ToString();
  EXPECT_TRUE(client.Close(again).ok());
  EXPECT_EQ(client.Get("/d/written"), "content and mo");
  EXPECT_EQ(client.SizeOf("/d/written"), 14U);
}

TEST_P(Restart, OfTheMdsKeepsAnUnlinkedFileForWhoHasItOpenAndNoLonger) {
  const uint64_t before = cluster.StoredPages();
  const Opened file = client.Create("/d/f");
  ASSERT_TRUE(client.Write(file, 0, Bytes(9000, 'x')).ok());
  ASSERT_TRUE(client.Run(file->Sync()).ok());
  ASSERT_EQ(client.Unlink("/d/f"), Code::kOk);
  cluster.CrashMds();
  cluster.loop.Pass(std::chrono::minutes(2));
  EXPECT_TRUE(client.All(file) == Bytes(9000, 'x'));
  EXPECT_TRUE(client.Write(file, 9000, "y").ok());
  EXPECT_TRUE(client.Close(file).ok());
  cluster.loop.Pass(std::chrono::minutes(2));
  EXPECT_EQ(cluster.StoredPages(), before);
}

TEST_P(Restart, OfTheMdsDestroysWhatNobodyOpensAgain) {
  const uint64_t before = cluster.StoredPages();
  TestClient gone(cluster, GetParam() + 5, std::chrono::seconds(5));
  ASSERT_EQ(gone.Unlock("/d", 1), Code::kOk);
  const Opened file = gone.Create("/d/f");
  ASSERT_TRUE(gone.Write(file, 0, Bytes(9000, 'x')).ok());
  ASSERT_TRUE(gone.Run(file->Sync()).ok());
  ASSERT_EQ(client.Unlink("/d/f"), Code::kOk);
  gone.log.Cut();
  cluster.CrashMds();
  cluster.loop.Pass(std::chrono::minutes(2));
  EXPECT_EQ(cluster.StoredPages(), before);
  gone.log.Mend();
  EXPECT_EQ(gone.Close(file).code(), Code::kFenced) << "never silent";
}

// While one client is awaited, nobody works on what it may have open.
TEST_P(Restart, OfTheMdsMakesOthersWaitForAClientButNotForEver) {
  TestClient gone(cluster, GetParam() + 5, std::chrono::seconds(5)), other(cluster, GetParam() + 6);
  ASSERT_EQ(other.Unlock("/d", 1), Code::kOk);
  ASSERT_EQ(gone.Unlock("/d", 1), Code::kOk);
  const Opened file = gone.Create("/d/f");
  ASSERT_TRUE(gone.Write(file, 0, Bytes(4096, 'x')).ok());
  ASSERT_TRUE(gone.Run(file->Sync()).ok());
  gone.log.Cut();
  cluster.CrashMds();
  const MonotonicTime began = cluster.loop.Now();
  EXPECT_EQ(other.SizeOf("/d/f"), 4096U);
  EXPECT_GE(cluster.loop.Now() - began, std::chrono::seconds(29));
  EXPECT_LE(cluster.loop.Now() - began, std::chrono::seconds(35));
  gone.log.Mend();
  EXPECT_EQ(gone.Write(file, 4096, Bytes(4096, 'y')).code(), Code::kFenced);
  EXPECT_EQ(gone.Run(file->Sync()).code(), Code::kFenced);
  EXPECT_EQ(gone.Close(file).code(), Code::kFenced);
  EXPECT_EQ(other.SizeOf("/d/f"), 4096U);
  EXPECT_TRUE(other.Get("/d/f") == std::string(4096, 'x'));
}

// A tree that is changed at random while the MDS loses power is the model's tree.
class TreeUnderCrashes {
 public:
  TreeUnderCrashes(Cluster& cluster, TestClient& client, uint64_t seed) : cluster_(cluster), client_(client), dice_(seed) {}

  void Go(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("in step " + std::to_string(step));
      Step();
      if (dice_.Below(5) == 0) cluster_.CrashMds();
      if (dice_.Below(9) == 0) cluster_.CrashOst(static_cast<uint32_t>(dice_.Below(cluster_.ost_count())));
      if (dice_.Below(9) == 0) cluster_.loop.Pass(std::chrono::seconds(1));  // something gets stable
    }
    Check();
  }

 private:
  std::string Name() { return "/d/" + std::string(1, static_cast<char>('a' + dice_.Below(8))); }
  void Step() {
    const std::string name = Name(), second = Name();
    const bool there = files_.contains(name);
    switch (dice_.Below(7)) {
      case 0:
      case 1:
        return Put(name);
      case 2:
        EXPECT_EQ(client_.Unlink(name), there ? Code::kOk : Code::kNotFound);
        files_.erase(name);
        return;
      case 3:
        EXPECT_EQ(client_.Rename(name, second), there ? Code::kOk : Code::kNotFound);
        // Two names of one file: all stays as it is.
        if (there && (!files_.contains(second) || files_[second] != files_[name])) {
          files_[second] = files_.extract(name).mapped();
        }
        return;
      case 4: {
        const Code linked = client_.Link(name, second);
        EXPECT_EQ(linked, !there ? Code::kNotFound : files_.contains(second) ? Code::kExists : Code::kOk);
        if (linked == Code::kOk) files_[second] = files_[name];
        return;
      }
      case 5:
        return Grow(name);
      default:
        return Truncate(name);
    }
  }
  // As put does: a file that is there keeps its inode, and its other names.
  void Put(const std::string& name) {
    FileOpener::Wish wish = TestClient::NewFile();
    wish.exclusive = false;
    wish.truncate = true;
    const Result<Opened> file = client_.TryOpen(name, wish);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
    if (!files_.contains(name)) files_[name] = std::make_shared<Bytes>();
    *files_[name] = RandomBytes(dice_, dice_.Below(20'000));
    const Status written = client_.Write(*file, 0, *files_[name]);
    ASSERT_TRUE(written.ok()) << written.ToString();
    const Status closed = client_.Close(*file);
    ASSERT_TRUE(closed.ok()) << closed.ToString();
  }
  // Unlinked or renamed over while it is open, in the middle of a write.
  void Grow(const std::string& name) {
    if (!files_.contains(name)) return;
    const Opened file = client_.Open(name);
    ASSERT_NE(file, nullptr);
    const std::shared_ptr<Bytes> content = files_[name];
    for (int i = 0; i < 3; ++i) {
      const Bytes more = RandomBytes(dice_, 1 + dice_.Below(6000));
      const Status written = client_.Write(file, content->size(), more);
      ASSERT_TRUE(written.ok()) << written.ToString();
      content->insert(content->end(), more.begin(), more.end());
      if (dice_.Below(3) == 0) cluster_.CrashMds();
      if (dice_.Below(3) == 0 && files_.contains(name)) {
        ASSERT_EQ(client_.Unlink(name), Code::kOk);
        files_.erase(name);
      }
    }
    ASSERT_TRUE(client_.All(file) == *content);
    const Status closed = client_.Close(file);
    ASSERT_TRUE(closed.ok()) << closed.ToString();
  }
  void Truncate(const std::string& name) {
    if (!files_.contains(name)) return;
    const Opened file = client_.Open(name);
    ASSERT_NE(file, nullptr);
    const uint64_t size = dice_.Below(3) == 0 ? 0 : dice_.Below(20'000);
    const Status cut = client_.Run(file->Truncate(size));
    ASSERT_TRUE(cut.ok()) << cut.ToString();
    files_[name]->resize(size);
    if (dice_.Below(3) == 0) cluster_.CrashMds();
    const Status closed = client_.Close(file);
    ASSERT_TRUE(closed.ok()) << closed.ToString();
  }
  void Check() {
    std::vector<std::string> names = client_.List("/d"), wanted;
    for (const auto& [name, content] : files_) wanted.push_back(name.substr(3));
    std::sort(names.begin(), names.end());
    ASSERT_EQ(names, wanted);
    std::map<std::shared_ptr<Bytes>, uint32_t> links;
    for (const auto& [name, content] : files_) ++links[content];
    for (const auto& [name, content] : files_) {
      EXPECT_EQ(client_.Get(name), ToString(ByteView(*content))) << name;
      EXPECT_EQ(client_.SizeOf(name), content->size()) << name;
      EXPECT_EQ(client_.Stat(name)->attr().nlink(), links[content]) << name;
    }
  }

  Cluster& cluster_;
  TestClient& client_;
  SeededRandom dice_;
  std::map<std::string, std::shared_ptr<Bytes>> files_;
};

TEST_P(Restart, OfTheMdsBetweenChangesOfATreeIsNotNoticed) {
  const uint64_t before = cluster.StoredPages();
  for (int round = 0; round < (FullEffort() ? 50 : 5); ++round) {
    TreeUnderCrashes(cluster, client, GetParam() * 1000 + static_cast<uint64_t>(round)).Go(60);
    if (HasFailure()) return;
    ASSERT_EQ(client.RemoveTree("/d"), Code::kOk);
    ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
  }
  EXPECT_TRUE(client.Run(client.core.Commit()).ok());  // closes that were put off
  cluster.loop.Pass(std::chrono::minutes(2));
  EXPECT_EQ(cluster.StoredPages(), before) << "objects without a file are left";
  EXPECT_GT(client.log.replays(), 0U);
}

TEST_P(Restart, OfEveryServerAtOnceLosesNoAnsweredWrite) {
  const Opened file = client.Create("/d/f", 2);
  SeededRandom dice(GetParam());
  Bytes model;
  for (int round = 0; round < 10; ++round) {
    const Bytes data = RandomBytes(dice, 1 + dice.Below(150'000));
    const uint64_t at = dice.Below(model.size() + 1);
    const Status written = client.Write(file, at, data);
    ASSERT_TRUE(written.ok()) << written.ToString();
    if (model.size() < at + data.size()) model.resize(at + data.size());
    std::copy(data.begin(), data.end(), model.begin() + static_cast<ptrdiff_t>(at));
    for (uint32_t ost = 0; ost < 2; ++ost) {
      if (dice.Below(3) > 0) cluster.CrashOst(ost);
    }
    if (dice.Below(3) > 0) cluster.CrashMds();
  }
  EXPECT_TRUE(client.All(file) == model);
  const Status closed = client.Close(file);
  EXPECT_TRUE(closed.ok()) << closed.ToString();
  EXPECT_EQ(client.SizeOf("/d/f"), model.size());
}

TEST_P(Restart, AStoppedOstIsNamedWhenTheTimeIsOver) {
  const Opened file = OnOst("/d/f", 1);
  cluster.StopOst(1);
  const Status status = client.Write(file, 0, "x");
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_NE(status.message().find("OST0001"), std::string::npos) << status.ToString();
  ASSERT_EQ(client.notices.size(), 1U) << "while it waits, but not at every try";
  EXPECT_NE(client.notices[0].find("waiting for OST0001"), std::string::npos) << client.notices[0];
  cluster.StartOst(1);
  EXPECT_TRUE(client.Write(file, 0, "x").ok());
  EXPECT_NE(client.notices.back().find("OST0001 at ost:1 answers again"), std::string::npos) << client.notices.back();
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(Restart, OfTheMdsCostsNoCreate) {
  const DirectoryPtr directory = *client.Run(client.core.names().FindDirectory("/d"));
  client.Put("/d/before", "x");  // FIDs are granted, and some are left
  cluster.CrashMds();
  const Result<Opened> file = client.Run(client.core.opener().OpenIn(directory, "file", TestClient::NewFile()));
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  EXPECT_TRUE(client.Close(*file).ok());
  cluster.CrashMds();
  const Result<v1::Inode> made = client.Run(client.core.names().MakeDirectoryIn(directory, "made", 0755));
  EXPECT_TRUE(made.ok()) << made.status().ToString();
}

TEST_P(Restart, AWriteThatWasDoneButNeverAnsweredIsInTheSize) {
  const Opened file = OnOst("/d/f", 0);
  ASSERT_TRUE(client.Write(file, 0, "short").ok());
  for (int i = 0; i < 1000; ++i) client.log.LoseNext("oss.Write", CallLog::Loss::kReply);
  EXPECT_EQ(client.Write(file, 0, Bytes(8192, 'l')).code(), Code::kUnavailable);
  EXPECT_TRUE(client.Close(file).ok()) << "the write has told of its failure";
  EXPECT_EQ(client.SizeOf("/d/f"), 8192U);
  EXPECT_EQ(client.Get("/d/f").size(), 8192U);
}

// Asked for the other's object, an OST could say in good faith that there is none: the file would be empty, exactly.
TEST_P(Restart, OfTheMdsAfterTwoOstsHaveChangedAddressesBelievesNeither) {
  const Opened file = OnOst("/d/f", 0);
  ASSERT_TRUE(client.Write(file, 0, Bytes(9000, 'x')).ok());
  ASSERT_TRUE(client.Run(file->Sync()).ok());
  cluster.SwapForMds(0, 1);
  cluster.CrashMds();
  EXPECT_EQ(client.Stat("/d/f").code(), Code::kUnavailable);
  cluster.SwapForMds(0, 1);
  EXPECT_TRUE(client.Close(file).ok());
  EXPECT_EQ(client.SizeOf("/d/f"), 9000U);
  EXPECT_TRUE(client.Get("/d/f") == std::string(9000, 'x'));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Restart, testing::Range<uint64_t>(200, 208));

}  // namespace
}  // namespace nacre
