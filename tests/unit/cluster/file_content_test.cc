// Exact size and content (promise P4): one file, plain or encrypted, on one to three stripes, against a vector of bytes.
#include <array>
#include <span>

#include "tests/unit/cluster/test_client.h"

namespace nacre {
namespace {

// Two clients that have the file open, and what it must hold.
class ModelledFile {
 public:
  static constexpr uint64_t kSizeMax = 6 * kStripeBytesUnit;

  ModelledFile(Cluster& cluster, uint64_t seed, bool encrypted, uint32_t stripes)
      : dice_(seed), clients_{std::make_unique<TestClient>(cluster, seed + 2), std::make_unique<TestClient>(cluster, seed + 3)} {
    if (encrypted) {
      EXPECT_EQ(clients_[0]->Encrypt("/d", 1), Code::kOk);
      EXPECT_EQ(clients_[1]->Unlock("/d", 1), Code::kOk);
    } else {
      EXPECT_EQ(clients_[0]->MakeDir("/d"), Code::kOk);
    }
    files_[0] = clients_[0]->Create("/d/f", stripes);
    files_[1] = clients_[1]->Open("/d/f");
  }
  ~ModelledFile() {
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(clients_[i]->Close(files_[i]).ok());
  }

  // One operation by one of the clients; false: the file is not what the model is.
  bool Step() {
    const int who = static_cast<int>(dice_.Below(2));
    const std::string done = Change(*clients_[who], files_[who]);
    const uint64_t size = clients_[dice_.Below(2)]->SizeOf("/d/f");
    EXPECT_EQ(size, model_.size()) << "after " << done << " by client " << who;
    if (size != model_.size()) return false;
    return dice_.Below(4) != 0 || Compare(done);
  }
  bool Compare(const std::string& done) {
    const int who = static_cast<int>(dice_.Below(2));
    const Bytes all = clients_[who]->All(files_[who]);
    EXPECT_EQ(all.size(), model_.size()) << "read by client " << who << " after " << done;
    if (all == model_) return true;
    const auto where = std::mismatch(all.begin(), all.end(), model_.begin(), model_.end());
    ADD_FAILURE() << "client " << who << " reads another byte at " << (where.first - all.begin()) << " after " << done;
    return false;
  }

 private:
  // Borders are where mistakes are.
  uint64_t Somewhere(uint64_t bound) {
    const uint64_t at = dice_.Below(bound + 1);
    const uint64_t unit = std::array<uint64_t, 3>{1, kPageBytes, kStripeBytesUnit}[dice_.Below(3)];
    const uint64_t border = at / unit * unit + dice_.Below(3);
    return std::min(bound, border == 0 ? 0 : border - std::min<uint64_t>(border, unit == 1 ? 0 : 1));
  }
  uint64_t SomeLength() {
    const uint64_t most = std::array<uint64_t, 4>{16, kPageBytes + 2, 3 * kPageBytes, 3 * kStripeBytesUnit}[dice_.Below(4)];
    return 1 + Somewhere(most - 1);
  }

  std::string Change(TestClient& client, Opened& file) {
    const uint64_t at = Somewhere(dice_.Below(3) == 0 ? kSizeMax : model_.size() + 2 * kPageBytes);
    const uint64_t length = std::min(SomeLength(), kSizeMax - std::min(at, kSizeMax - 1));
    const std::string range = std::to_string(at) + " +" + std::to_string(length);
    Status status;
    std::string what;
    switch (dice_.Below(12)) {
      case 0: case 1: case 2: case 3: case 4:
        what = "write " + range;
        status = DoWrite(client, file, at, length);
        break;
      case 5: case 6:
        what = "append " + std::to_string(length);
        status = DoAppend(client, file, length);
        break;
      case 7: case 8:
        what = "truncate " + std::to_string(at);
        status = client.Run(file->Truncate(at));
        model_.resize(at);
        break;
      case 9:
        what = "punch " + range;
        status = client.Run(file->Punch(at, length));
        if (at < model_.size()) {
          std::fill(model_.begin() + static_cast<ptrdiff_t>(at),
                    model_.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(model_.size(), at + length)), 0);
        }
        break;
      case 10:
        what = "read " + range;
        status = DoRead(client, file, at, length);
        break;
      default:
        what = "close and open";
        status = client.Close(std::move(file));
        file = client.Open("/d/f");
    }
    EXPECT_TRUE(status.ok()) << what << ": " << status.ToString();
    return what;
  }
  Status DoWrite(TestClient& client, const Opened& file, uint64_t at, uint64_t length) {
    const Bytes data = RandomBytes(dice_, length);
    if (model_.size() < at + length) model_.resize(at + length);
    std::copy(data.begin(), data.end(), model_.begin() + static_cast<ptrdiff_t>(at));
    return client.Write(file, at, data);
  }
  Status DoAppend(TestClient& client, const Opened& file, uint64_t length) {
    if (model_.size() + length > kSizeMax) return Status::Ok();
    const Bytes data = RandomBytes(dice_, length);
    const Result<uint64_t> where = client.Run(file->Append(data));
    if (where.ok()) {
      EXPECT_EQ(*where, model_.size());
    }
    model_.insert(model_.end(), data.begin(), data.end());
    return where.status();
  }
  Status DoRead(TestClient& client, const Opened& file, uint64_t at, uint64_t length) {
    const Result<Bytes> got = client.Read(file, at, length);
    if (!got.ok()) return got.status();
    const uint64_t begin = std::min<uint64_t>(at, model_.size()), end = std::min<uint64_t>(at + length, model_.size());
    EXPECT_EQ(*got, Bytes(model_.begin() + static_cast<ptrdiff_t>(begin), model_.begin() + static_cast<ptrdiff_t>(end)))
        << "read " << at << " +" << length;
    return Status::Ok();
  }

  SeededRandom dice_;
  std::array<std::unique_ptr<TestClient>, 2> clients_;
  std::array<Opened, 2> files_;
  Bytes model_;
};

TEST(FileContent, IsThatOfAVectorOfBytesAfterAnyMixOfOperationsByTwoClients) {
  const uint64_t seed = ChosenSeed(20261);
  const int steps = (FullEffort() ? 100'000 : kSanitized ? 2'000 : 10'000) / 6;
  for (uint32_t stripes = 1; stripes <= 3; ++stripes) {
    for (const bool encrypted : {false, true}) {
      SCOPED_TRACE(std::to_string(stripes) + " stripes" + (encrypted ? ", encrypted" : ""));
      Cluster cluster(seed + stripes, 3);
      ModelledFile file(cluster, seed + uint64_t{stripes} * 2 + encrypted, encrypted, stripes);
      for (int i = 0; i < steps; ++i) {
        if (file.Step() && !testing::Test::HasFailure()) continue;
        ADD_FAILURE() << "in step " << i;
        return;
      }
      EXPECT_TRUE(file.Compare("everything"));
    }
  }
}

constexpr std::array<uint64_t, 12> kAllLengths{4095, 4096, 4097, 0, 1, 8193, 2, 8191, 8192, 12287, 12288, 12289};
constexpr std::span<const uint64_t> kLengths = std::span(kAllLengths).first(kSanitized ? 5 : kAllLengths.size());

class EveryLength : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      ASSERT_EQ(client.Encrypt("/d", 1), Code::kOk);
      ASSERT_EQ(other.Unlock("/d", 1), Code::kOk);
    } else {
      ASSERT_EQ(client.MakeDir("/d"), Code::kOk);
    }
  }
  // What everybody must see of /d/f now.
  void Expect(const Opened& file, const Bytes& content, const std::string& what) {
    ASSERT_EQ(client.SizeOf("/d/f"), content.size()) << what;
    ASSERT_TRUE(client.All(file) == content) << what;
    ASSERT_EQ(other.SizeOf("/d/f"), content.size()) << what << ", seen by another";
  }

  Cluster cluster{5, 2};
  TestClient client{cluster, 6};
  TestClient other{cluster, 7};
};

TEST_P(EveryLength, IsExactOnceWrittenOverwrittenAppendedToAndCut) {
  SeededRandom dice(8);
  for (const uint64_t first : kLengths) {
    for (const uint64_t then : kLengths) {
      for (int how = 0; how < 3; ++how) {
        const std::string what = std::to_string(first) + (how == 0 ? " over " : how == 1 ? " append " : " cut ") + std::to_string(then);
        const Opened file = client.Create("/d/f", 2);
        ASSERT_NE(file, nullptr);
        Bytes model = RandomBytes(dice, first);
        ASSERT_TRUE(client.Write(file, 0, model).ok()) << what;
        Expect(file, model, what);
        const Bytes more = RandomBytes(dice, then);
        if (how == 0) {
          ASSERT_TRUE(client.Write(file, 0, more).ok()) << what;
          model.resize(std::max(model.size(), more.size()));
          std::copy(more.begin(), more.end(), model.begin());
        } else if (how == 1) {
          ASSERT_TRUE(client.Run(file->Append(more)).ok()) << what;
          model.insert(model.end(), more.begin(), more.end());
        } else {
          const Status cut = client.Run(file->Truncate(then));
          ASSERT_TRUE(cut.ok()) << what << ": " << cut.ToString();
          model.resize(then);
        }
        Expect(file, model, what);
        ASSERT_TRUE(client.Close(file).ok()) << what;
        ASSERT_EQ(client.SizeOf("/d/f"), model.size()) << what << ", closed";
        ASSERT_TRUE(AsBytes(client.Get("/d/f")).size() == model.size()) << what << ", closed";
        ASSERT_EQ(client.Unlink("/d/f"), Code::kOk);
      }
    }
  }
}

TEST_P(EveryLength, ReadsZerosAfterACutIsTakenBack) {
  for (const uint64_t cut : kLengths) {
    const Opened file = client.Create("/d/f", 2);
    ASSERT_TRUE(client.Write(file, 0, Bytes(12289, 0xff)).ok());
    ASSERT_TRUE(client.Run(file->Truncate(cut)).ok());
    ASSERT_TRUE(client.Run(file->Truncate(20000)).ok());
    Bytes model(cut, 0xff);
    model.resize(20000);
    Expect(file, model, std::to_string(cut));
    ASSERT_TRUE(client.Close(file).ok());
    ASSERT_EQ(client.Unlink("/d/f"), Code::kOk);
  }
}

INSTANTIATE_TEST_SUITE_P(PlainAndEncrypted, EveryLength, testing::Bool());

}  // namespace
}  // namespace nacre
