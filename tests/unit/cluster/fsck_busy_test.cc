// Fsck while everybody works on: nothing is found, because nothing is wrong, whatever is half done when it looks.
#include <array>

#include "tests/unit/cluster/damage.h"

namespace nacre {
namespace {

// A user who makes, writes, renames, links and removes at random, until told to stop.
class Busy {
 public:
  Busy(TestClient& client, uint64_t seed) : core_(client.core), dice_(seed) {}

  Task<void> Work() {
    stop = ended = false;
    while (!stop) {
      co_await One();
      ++done;
    }
    ended = true;
  }
  bool stop = false;
  bool ended = false;
  int done = 0;

 private:
  std::string Directory() {
    static constexpr std::array<const char*, 4> kDirectories{"/vault", "/plain", "/vault/sub", "/plain/sub"};
    return kDirectories[dice_.Below(kDirectories.size())];
  }
  std::string Name() { return Directory() + "/n" + std::to_string(dice_.Below(8)); }

  Task<void> One() {
    const std::string path = Name(), other = Name();
    switch (dice_.Below(9)) {
      case 0:
      case 1:
      case 2:
        co_await WriteOne(path);
        break;
      case 3:
        (void)co_await core_.names().Unlink(path, false);
        break;
      case 4:
        (void)co_await core_.names().Rename(path, other, false, dice_.Below(4) == 0);
        break;
      case 5:
        (void)co_await core_.names().Link(path, other);
        break;
      case 6:
        (void)co_await core_.names().MakeDirectory(path, 0755, false);
        break;
      case 7:
        (void)co_await core_.names().Unlink(path, true);
        break;
      default:
        co_await Xattr(path);
        break;
    }
  }
  Task<void> WriteOne(std::string path) {
    FileOpener::Wish wish;
    wish.write = wish.create = true;
    wish.truncate = dice_.Below(4) == 0;
    wish.hint.set_stripe_count(1 + static_cast<uint32_t>(dice_.Below(2)));
    wish.hint.set_stripe_bytes(kStripeBytesUnit);
    const Result<Opened> file = co_await core_.opener().Open(path, std::move(wish));
    if (!file.ok()) co_return;
    const Bytes data = RandomBytes(dice_, 1 + dice_.Below(150'000));
    const uint64_t at = dice_.Below(100'000);
    (void)co_await (*file)->Write(at, data);
    if (dice_.Below(4) == 0) (void)co_await (*file)->Truncate(dice_.Below(200'000));
    if (dice_.Below(4) == 0) (void)co_await (*file)->Punch(dice_.Below(200'000), dice_.Below(100'000));
    if (dice_.Below(3) == 0) (void)co_await (*file)->Write(dice_.Below(250'000), data);
    if (dice_.Below(6) == 0) (void)co_await core_.names().Unlink(path, false);  // open without a name
    (void)co_await core_.closer().Close(*file);
  }
  Task<void> Xattr(std::string path) {
    const Result<v1::Inode> inode = co_await core_.names().Find(path, Namespace::Last::kLookUp);
    if (!inode.ok()) co_return;
    v1::SetXattrRequest request;
    *request.mutable_fid() = inode->fid();
    request.mutable_xattr()->set_name("user.x" + std::to_string(dice_.Below(3)));
    if (dice_.Below(3) == 0) {
      request.set_remove(true);
    } else {
      request.mutable_xattr()->set_value(std::string(dice_.Below(50), 'v'));
    }
    (void)co_await core_.names().SetXattr(std::move(request));
  }

  ClientCore& core_;
  SeededRandom dice_;
};

class FsckOfABusyCluster : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/vault", 1), Code::kOk);
    for (const char* path : {"/plain", "/vault/sub", "/plain/sub"}) ASSERT_EQ(client.MakeDir(path), Code::kOk);
    ASSERT_EQ(other.Unlock("/vault", 1), Code::kOk);
    StartUsers();
  }
  void StartUsers() {
    for (Busy* user : users()) Detach(user->Work());
  }
  std::vector<Busy*> users() { return {&first, &second, &third}; }
  void StopUsers() {
    for (Busy* user : users()) user->stop = true;
    for (int i = 0; i < 10'000 && !(first.ended && second.ended && third.ended); ++i) {
      cluster.loop.Pass(std::chrono::milliseconds(10));
    }
    ASSERT_TRUE(first.ended && second.ended && third.ended);
  }
  void ExpectNothing(bool repair) {
    const FsckReport report = RunFsck(client, repair);
    EXPECT_EQ(Told(report), "");
    EXPECT_EQ(report.left + report.mended, 0U);
  }

  const uint64_t seed = ChosenSeed(31);
  const int rounds = FullEffort() && !kSanitized ? 2000 : 150;
  uint64_t orphans = 0;
  Cluster cluster{seed, 2};
  TestClient client{cluster, seed + 1}, other{cluster, seed + 2};
  Busy first{client, seed + 3}, second{client, seed + 4}, third{other, seed + 5};
};

TEST_F(FsckOfABusyCluster, FindsNothingWhileUsersWork) {
  for (int round = 0; round < rounds && !HasFailure(); ++round) ExpectNothing(round % 2 == 1);
  StopUsers();
  ExpectNothing(false);
  cluster.loop.Pass(std::chrono::minutes(2));
  ExpectNothing(false);
  EXPECT_GT(first.done + second.done + third.done, rounds);
  std::printf("%d things done meanwhile\n", first.done + second.done + third.done);
}

TEST_F(FsckOfABusyCluster, FindsNothingWhileServersRestart) {
  SeededRandom dice(seed);
  for (int round = 0; round < rounds / 3 && !HasFailure(); ++round) {
    const uint64_t which = dice.Below(3);
    client.log.AtCall("mds.Check", static_cast<int>(dice.Below(7)), [this, which] {
      if (which == 2) {
        cluster.CrashMds();
      } else {
        cluster.CrashOst(static_cast<uint32_t>(which));
      }
    });
    ExpectNothing(round % 2 == 1);
    StopUsers();
    cluster.loop.Pass(
        std::chrono::seconds(40));  // it has recovered: a host cannot stop while its calls wait for another's
    StartUsers();
  }
  StopUsers();
  ExpectNothing(false);
}

// The client that made files, wrote them, and had them acknowledged by OSTs dies with the metadata server that forgot
// them.
TEST_F(FsckOfABusyCluster, FindsWhatAClientAndAServerThatDiedTogetherLeftAndMendsIt) {
  StopUsers();
  for (int round = 0; round < rounds / 10 + 1; ++round) {
    TestClient lost(cluster, seed + 100 + static_cast<uint64_t>(round), std::chrono::seconds(2));
    std::vector<Opened> files;
    for (int i = 0; i < 5; ++i) {
      const Result<Opened> file =
          lost.TryOpen("/plain/lost" + std::to_string(round) + "-" + std::to_string(i), TestClient::NewFile(2));
      ASSERT_TRUE(file.ok());
      files.push_back(*file);
      ASSERT_TRUE(lost.Write(files.back(), 0, Bytes(100'000, 'x')).ok());
    }
    ASSERT_TRUE(lost.Run(lost.core.osts().CommitAll()).ok());
    lost.log.Cut();
    cluster.CrashMds();
    cluster.loop.Pass(std::chrono::seconds(40));
    const FsckReport found = RunFsck(client, false);
    for (const FsckFinding& finding : found.findings) EXPECT_EQ(finding.kind, "orphan-object") << Told(found);
    const FsckReport mended = RunFsck(client, true);
    EXPECT_EQ(mended.left, 0U) << Told(mended);
    EXPECT_EQ(mended.mended, found.left);
    ExpectNothing(false);
    orphans += found.left;
    lost.log.Mend();
    for (Opened& file : files) (void)lost.Close(std::move(file));
  }
  EXPECT_GT(orphans, 0U) << "nothing was lost: the test proves nothing";
  ExpectNothing(false);
}

}  // namespace
}  // namespace nacre
