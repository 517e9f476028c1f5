// A request or a reply gets lost, and perhaps its server with it (promise P6): the same request comes again, the change is
// made once, the answer is the same. CallLog checks that what comes again is the same, byte for byte and run for run (promise P2).
#include <array>

#include "tests/unit/cluster/damage.h"

namespace nacre {
namespace {

using Loss = CallLog::Loss;

// What gets lost, and does the server lose power just then?
struct Fault {
  Loss loss;
  bool crash;
};

class LostAnswers : public testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
    client.Put("/d/f", std::string(10000, 'f'));
    if (GetParam().crash) client.log.at_loss = cluster.orders.at_loss = [this](const std::string& name) { Crash(name); };
  }
  void TearDown() override { ExpectSound(cluster); }
  void Crash(const std::string& name) {
    if (name.starts_with("mds.")) return cluster.CrashMds();
    for (uint32_t index = 0; index < cluster.ost_count(); ++index) cluster.CrashOst(index);
  }
  // The next call of this name is lost; all is as it was when the body is through.
  void LoseNext(const std::string& name) {
    client.log.LoseNext(name, GetParam().loss);
    resends_ = client.log.resends();
  }
  void ExpectResent() {
    EXPECT_TRUE(client.log.AllLost());
    // A server that has restarted sends the request away, perhaps while it is not there yet, until the client has connected.
    EXPECT_GE(client.log.resends(), resends_ + 1);
    EXPECT_LE(client.log.resends(), resends_ + (GetParam().crash ? 3 : 1));
  }

  Cluster cluster{31, 2};
  TestClient client{cluster, 32};

 private:
  uint64_t resends_ = 0;
};

TEST_P(LostAnswers, ACreateMakesOneFile) {
  LoseNext("mds.Open");
  const Opened file = client.Create("/d/new");
  ASSERT_NE(file, nullptr);
  ExpectResent();
  EXPECT_TRUE(client.Write(file, 0, "content").ok());
  EXPECT_TRUE(client.Close(file).ok());
  EXPECT_EQ(client.Get("/d/new"), "content");
  EXPECT_EQ(client.List("/d").size(), 2U);
}

TEST_P(LostAnswers, AMakeMakesOneDirectory) {
  LoseNext("mds.Make");
  EXPECT_EQ(client.MakeDir("/d/sub"), Code::kOk);
  ExpectResent();
  EXPECT_EQ(client.List("/d").size(), 2U);
  EXPECT_EQ(client.Stat("/d")->attr().nlink(), 3U);
  LoseNext("mds.Make");
  EXPECT_EQ(client.Symlink("f", "/d/link"), Code::kOk);
  ExpectResent();
  EXPECT_EQ(client.Get("/d/link"), std::string(10000, 'f'));
}

TEST_P(LostAnswers, AnUnlinkRemovesOneName) {
  ASSERT_EQ(client.Link("/d/f", "/d/g"), Code::kOk);
  LoseNext("mds.Unlink");
  EXPECT_EQ(client.Unlink("/d/f"), Code::kOk);
  ExpectResent();
  EXPECT_EQ(client.Stat("/d/g")->attr().nlink(), 1U);
}

TEST_P(LostAnswers, ARenameIsDoneOnce) {
  LoseNext("mds.Rename");
  EXPECT_EQ(client.Rename("/d/f", "/d/g"), Code::kOk);
  ExpectResent();
  EXPECT_EQ(client.List("/d"), std::vector<std::string>{"g"});
}

TEST_P(LostAnswers, ALinkCountsOnce) {
  LoseNext("mds.Link");
  EXPECT_EQ(client.Link("/d/f", "/d/g"), Code::kOk);
  ExpectResent();
  EXPECT_EQ(client.Stat("/d/f")->attr().nlink(), 2U);
}

TEST_P(LostAnswers, AttributesAreSetOnce) {
  v1::SetAttrRequest request;
  *request.mutable_fid() = client.Stat("/d/f")->fid();
  request.set_set_mode(true);
  request.set_mode(0640);
  LoseNext("mds.SetAttr");
  const Result<v1::Inode> changed = client.Run(client.core.names().SetAttr(request));
  ExpectResent();
  ASSERT_TRUE(changed.ok()) << changed.status().ToString();
  EXPECT_EQ(changed->attr().mode(), 0640U);
  EXPECT_EQ(changed->attr().version(), client.Stat("/d/f")->attr().version());
}

TEST_P(LostAnswers, AnXattrThatMustBeNewIsNewOnce) {
  v1::SetXattrRequest request;
  *request.mutable_fid() = client.Stat("/d/f")->fid();
  request.mutable_xattr()->set_name("user.x");
  request.mutable_xattr()->set_value("1");
  request.set_create_only(true);
  LoseNext("mds.SetXattr");
  EXPECT_EQ(client.Run(client.core.names().SetXattr(request)).code(), Code::kOk);
  ExpectResent();
  EXPECT_EQ(client.Run(client.core.names().SetXattr(request)).code(), Code::kExists);
}

TEST_P(LostAnswers, ACloseReportsOnce) {
  const Opened file = client.Open("/d/f");
  ASSERT_TRUE(client.Write(file, 9999, "gg").ok());
  LoseNext("mds.Close");
  const Status closed = client.Close(file);
  EXPECT_TRUE(closed.ok()) << closed.ToString();
  ExpectResent();
  cluster.orders.Reset();
  EXPECT_EQ(client.SizeOf("/d/f"), 10001U);
  // After a restart it is not known to be the whole truth, and the objects are asked, perhaps before this.
  EXPECT_LE(cluster.orders.Total(), GetParam().crash ? 1U : 0U);
}

TEST_P(LostAnswers, ATruncateCutsOnce) {
  const Opened file = client.Open("/d/f");
  for (const uint64_t size : {5000, 0, 7000}) {
    LoseNext("mds.Truncate");
    const Status cut = client.Run(file->Truncate(size));
    EXPECT_TRUE(cut.ok()) << cut.ToString();
    ExpectResent();
    EXPECT_EQ(client.SizeOf("/d/f"), size);
  }
  EXPECT_EQ(client.All(file), Bytes(7000, 0));
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(LostAnswers, ATruncateIsFinishedWhenItsOrdersGetLost) {
  const Opened file = client.Open("/d/f");
  cluster.orders.LoseNext("oss.SetSize", GetParam().loss);
  const Status cut = client.Run(file->Truncate(5000));
  EXPECT_TRUE(cut.ok()) << cut.ToString();
  EXPECT_TRUE(cluster.orders.AllLost());
  EXPECT_EQ(client.All(file), Bytes(5000, 'f'));
  cluster.orders.LoseNext("oss.Punch", GetParam().loss);
  const Status punched = client.Run(file->Punch(100, 200));
  EXPECT_TRUE(punched.ok()) << punched.ToString();
  EXPECT_TRUE(cluster.orders.AllLost());
  Bytes model(5000, 'f');
  std::fill(model.begin() + 100, model.begin() + 300, 0);
  EXPECT_EQ(client.All(file), model);
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(LostAnswers, APunchIsDoneOnce) {
  const Opened file = client.Open("/d/f");
  LoseNext("mds.Punch");
  const Status punched = client.Run(file->Punch(1000, 8000));
  EXPECT_TRUE(punched.ok()) << punched.ToString();
  ExpectResent();
  Bytes model(10000, 'f');
  std::fill(model.begin() + 1000, model.begin() + 9000, 0);
  EXPECT_EQ(client.All(file), model);
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(LostAnswers, AWriteIsTheSameRunAgain) {
  const Opened file = client.Open("/d/f");
  LoseNext("oss.Write");
  const Status whole = client.Write(file, 4096, Bytes(4096, 'w'));
  EXPECT_TRUE(whole.ok()) << whole.ToString();
  ExpectResent();
  Bytes model(10000, 'f');
  std::fill(model.begin() + 4096, model.begin() + 8192, 'w');
  EXPECT_EQ(client.All(file), model);
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(LostAnswers, AConditionalWriteDoesNotLoseTheRaceToItself) {
  const Opened file = client.Open("/d/f");
  LoseNext("oss.Write");
  client.log.Reset();
  const Status partly = client.Write(file, 100, "partly");
  EXPECT_TRUE(partly.ok()) << partly.ToString();
  ExpectResent();
  EXPECT_EQ(client.log.Count("oss.Write"), GetParam().crash ? 3U : 2U);
  EXPECT_EQ(client.log.Count("oss.Read"), 1U) << "nothing was read and made anew";
  EXPECT_EQ(client.Text(file).substr(98, 10), "ffpartlyff");
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(LostAnswers, AnAppendIsThereOnce) {
  const Opened file = client.Open("/d/f");
  LoseNext("oss.Write");
  const Bytes data(6000, 'a');
  const Result<uint64_t> at = client.Run(file->Append(data));
  ASSERT_TRUE(at.ok()) << at.status().ToString();
  EXPECT_EQ(*at, 10000U);
  ExpectResent();
  EXPECT_EQ(client.SizeOf("/d/f"), 16000U);
  EXPECT_TRUE(client.Close(file).ok());
}

TEST_P(LostAnswers, PoliciesAndLayoutsAreSetOnce) {
  ASSERT_EQ(client.MakeDir("/e"), Code::kOk);
  LoseNext("mds.SetPolicy");
  EXPECT_EQ(client.Encrypt("/e", 2), Code::kOk);
  ExpectResent();
  client.Put("/e/f", "x");
  EXPECT_EQ(client.Get("/e/f"), "x");
}

TEST_P(LostAnswers, ContentSurvivesALossyNetwork) {
  SeededRandom dice(33);
  const std::array<std::string, 5> names{"oss.Write", "oss.Read", "mds.GetAttr", "mds.Truncate", "oss.Commit"};
  const Opened file = client.Create("/d/lossy", 2);
  Bytes model;
  for (int i = 0; i < 300; ++i) {
    client.log.LoseNext(names[dice.Below(names.size())], GetParam().loss, static_cast<int>(dice.Below(3)));
    const uint64_t at = dice.Below(100'000);
    const Bytes data = RandomBytes(dice, 1 + dice.Below(10'000));
    Status status;
    if (dice.Below(5) == 0) {
      status = client.Run(file->Truncate(at));
      model.resize(at);
    } else {
      status = client.Write(file, at, data);
      if (model.size() < at + data.size()) model.resize(at + data.size());
      std::copy(data.begin(), data.end(), model.begin() + static_cast<ptrdiff_t>(at));
    }
    ASSERT_TRUE(status.ok()) << "in step " << i << ": " << status.ToString();
    ASSERT_TRUE(client.All(file) == model) << "in step " << i;
  }
  EXPECT_GT(client.log.resends(), 100U);
  client.log.LoseAtMost(5);  // one commit would meet all that were meant for it, longer than a client waits
  const Status closed = client.Close(file);
  EXPECT_TRUE(closed.ok()) << closed.ToString();
  EXPECT_EQ(client.SizeOf("/d/lossy"), model.size());
}

INSTANTIATE_TEST_SUITE_P(RequestAndReply, LostAnswers,
                         testing::Values(Fault{Loss::kRequest, false}, Fault{Loss::kReply, false},
                                         Fault{Loss::kRequest, true}, Fault{Loss::kReply, true}),
                         [](const auto& which) {
                           const std::string what = which.param.loss == Loss::kRequest ? "Request" : "Reply";
                           return which.param.crash ? what + "AndServer" : what;
                         });

}  // namespace
}  // namespace nacre
