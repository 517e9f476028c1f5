// Two clients on one file at the same time, no lock between them: nothing anybody was told is written gets lost, the size
// is exact, nobody reads what was cut off.
#include <array>
#include <numeric>

#include "tests/unit/cluster/damage.h"

namespace nacre {
namespace {

class Sharing : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override {
    ASSERT_EQ(a.Encrypt("/d", 1), Code::kOk);
    ASSERT_EQ(b.Unlock("/d", 1), Code::kOk);
    of_a = a.Create("/d/f", 2);
    of_b = b.Open("/d/f");
  }
  void TearDown() override {
    EXPECT_TRUE(a.Close(of_a).ok());
    EXPECT_TRUE(b.Close(of_b).ok());
    ExpectSound(cluster);
  }
  std::vector<Status> Together(std::vector<Task<Status>> tasks) { return cluster.loop.Run(WhenAll(std::move(tasks))); }
  static Task<Status> AppendOne(Opened file, const Bytes* data) {
    const Result<uint64_t> at = co_await file->Append(*data);
    co_return at.status();
  }

  Cluster cluster{GetParam()};
  TestClient a{cluster, GetParam() + 1};
  TestClient b{cluster, GetParam() + 2};
  SeededRandom dice{GetParam() + 3};
  Opened of_a, of_b;
};

TEST_P(Sharing, WritesToDifferentBytesOfOnePageLoseNothing) {
  constexpr size_t kPieces = 48, kPieceBytes = 200;  // 9600 bytes: three pages, no piece on a border of its own
  std::vector<Bytes> pieces;
  std::vector<Task<Status>> writes;
  Bytes model;
  for (size_t i = 0; i < kPieces; ++i) {
    pieces.push_back(RandomBytes(dice, kPieceBytes));
    model.insert(model.end(), pieces.back().begin(), pieces.back().end());
  }
  for (size_t i = 0; i < kPieces; ++i) {
    const Opened& file = dice.Below(2) == 0 ? of_a : of_b;
    writes.push_back(file->Write(i * kPieceBytes, pieces[i]));
  }
  for (const Status& status : Together(std::move(writes))) EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(a.All(of_a) == model);
  EXPECT_TRUE(b.All(of_b) == model);
  EXPECT_EQ(a.SizeOf("/d/f"), model.size());
}

TEST_P(Sharing, AReadOfTheLastPageSeesAllOfAWriteThatMakesItLongerOrNothing) {
  ASSERT_TRUE(a.Write(of_a, 0, std::string(100, 'a')).ok());
  b.log.AtCall("oss.Read", 0, [this] { EXPECT_TRUE(a.Write(of_a, 50, std::string(100, 'x')).ok()); });
  EXPECT_EQ(b.Text(of_b), std::string(50, 'a') + std::string(100, 'x'));
  EXPECT_EQ(b.Text(of_b).size(), 150U);
}

TEST_P(Sharing, AppendsLoseNothingAndAreNotTorn) {
  std::vector<Bytes> pieces;
  std::vector<Task<Status>> appends;
  size_t total = 0;
  for (size_t i = 0; i < 40; ++i) {
    pieces.push_back(Bytes(1 + dice.Below(5000), static_cast<uint8_t>(i + 1)));
    total += pieces.back().size();
  }
  for (const Bytes& piece : pieces) appends.push_back(AppendOne(dice.Below(2) == 0 ? of_a : of_b, &piece));
  for (const Status& status : Together(std::move(appends))) EXPECT_TRUE(status.ok()) << status.ToString();
  const Bytes all = a.All(of_a);
  EXPECT_EQ(a.SizeOf("/d/f"), total);
  ASSERT_EQ(all.size(), total);
  EXPECT_TRUE(b.All(of_b) == all);
  std::array<size_t, 41> seen{};
  for (uint8_t byte : all) {
    ASSERT_TRUE(byte >= 1 && byte <= 40) << "a byte nobody appended";
    ++seen[byte];
  }
  for (size_t i = 0; i < pieces.size(); ++i) EXPECT_EQ(seen[i + 1], pieces[i].size()) << "piece " << i;
}

TEST_P(Sharing, AnAppendBesidesAWriteBehindTheEndEndsAsOneOfTheirOrders) {
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    const uint64_t size = dice.Below(2) == 0 ? 4096 : 1 + dice.Below(9000);
    ASSERT_TRUE(a.Run(of_a->Truncate(0)).ok());
    ASSERT_TRUE(a.Write(of_a, 0, Bytes(size, 'o')).ok());
    // In the middle of what is appended: neither its first page nor its last.
    const Bytes appended(6 * kPageBytes, 'a'), written(kPageBytes, 'w');
    const uint64_t at = (size / kPageBytes + 2 + dice.Below(2)) * kPageBytes;
    std::vector<Task<Status>> both;
    both.push_back(AppendOne(of_b, &appended));
    both.push_back(of_a->Write(at, written));
    for (const Status& status : Together(std::move(both))) ASSERT_TRUE(status.ok()) << status.ToString();
    Bytes write_first(size, 'o');
    write_first.resize(at);
    write_first.insert(write_first.end(), written.begin(), written.end());
    write_first.insert(write_first.end(), appended.begin(), appended.end());
    Bytes append_first(size, 'o');
    append_first.insert(append_first.end(), appended.begin(), appended.end());
    std::copy(written.begin(), written.end(), append_first.begin() + static_cast<ptrdiff_t>(at));
    const Bytes now = a.All(of_a);
    EXPECT_TRUE(b.All(of_b) == now);
    EXPECT_TRUE(now == write_first || now == append_first) << now.size() << " bytes after an append at " << size
                                                           << " and a write at " << at;
  }
}

TEST_P(Sharing, ATruncateBesidesWritesEndsAsOneOfTheirOrders) {
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    const Bytes before(20000, 'o');
    ASSERT_TRUE(a.Run(of_a->Truncate(0)).ok());
    ASSERT_TRUE(a.Write(of_a, 0, before).ok());
    const uint64_t cut = 1 + dice.Below(19999), at = dice.Below(20000), length = 1 + dice.Below(6000);
    const Bytes data(length, 'n');
    std::vector<Task<Status>> both;
    both.push_back(of_b->Write(at, data));
    both.push_back(of_a->Truncate(cut));
    for (const Status& status : Together(std::move(both))) ASSERT_TRUE(status.ok()) << status.ToString();
    Bytes write_last(before.begin(), before.begin() + static_cast<ptrdiff_t>(cut));
    write_last.resize(std::max<size_t>(cut, at + length), 0);
    std::copy(data.begin(), data.end(), write_last.begin() + static_cast<ptrdiff_t>(at));
    Bytes cut_last = before;
    cut_last.resize(std::max<size_t>(cut_last.size(), at + length), 0);
    std::copy(data.begin(), data.end(), cut_last.begin() + static_cast<ptrdiff_t>(at));
    cut_last.resize(cut);
    const Bytes now = a.All(of_a);
    EXPECT_EQ(a.SizeOf("/d/f"), now.size());
    EXPECT_TRUE(b.All(of_b) == now) << "cut " << cut << ", write " << at << " +" << length;
    EXPECT_TRUE(now == write_last || now == cut_last)
        << now.size() << " bytes after a cut to " << cut << " and a write " << at << " +" << length;
  }
}

TEST_P(Sharing, WhatIsCutOffByOneIsReadByNoneAfterwards) {
  ASSERT_TRUE(a.Write(of_a, 0, Bytes(30000, 'x')).ok());
  EXPECT_EQ(b.All(of_b).size(), 30000U);
  ASSERT_TRUE(a.Run(of_a->Truncate(5000)).ok());
  EXPECT_EQ(b.All(of_b), Bytes(5000, 'x'));
  ASSERT_TRUE(b.Write(of_b, 10000, "y").ok());
  Bytes model(5000, 'x');
  model.resize(10000);
  model.push_back('y');
  EXPECT_TRUE(a.All(of_a) == model);
  EXPECT_EQ(a.SizeOf("/d/f"), 10001U);
}

TEST_P(Sharing, AFileOpenWithTruncateIsEmptyForWhoHadItOpen) {
  ASSERT_TRUE(a.Write(of_a, 0, Bytes(30000, 'x')).ok());
  FileOpener::Wish wish = TestClient::Existing(true);
  wish.truncate = true;
  const Result<Opened> emptied = b.TryOpen("/d/f", wish);
  ASSERT_TRUE(emptied.ok()) << emptied.status().ToString();
  EXPECT_EQ(a.All(of_a).size(), 0U);
  const Status written = a.Write(of_a, 100, "late");
  EXPECT_TRUE(written.ok()) << written.ToString();
  EXPECT_EQ(b.SizeOf("/d/f"), 104U);
  EXPECT_EQ(b.All(of_b), b.All(*emptied));
  EXPECT_EQ(b.All(of_b).size(), 104U);
  EXPECT_TRUE(b.Close(*emptied).ok());
}

// Each of them holds the memory that the next try needs, if it does not let go first.
TEST_P(Sharing, AllWritesOfAStreamMayFindTheFileEmptiedAtOnce) {
  constexpr size_t kPieces = 32;  // of 128 KiB of memory each: all that there is
  TestClient small{cluster, GetParam() + 4, std::chrono::seconds(60), 0, 4 << 20};
  ASSERT_EQ(small.Unlock("/d", 1), Code::kOk);
  const Opened wide = small.Create("/d/wide");
  Bytes model;
  ASSERT_TRUE(small.Write(wide, 0, "x").ok());
  ASSERT_TRUE(small.Run(wide->Sync()).ok());
  const Opened elsewhere = b.Open("/d/wide");
  ASSERT_TRUE(b.Run(elsewhere->Truncate(0)).ok());
  std::vector<Task<Status>> writes;
  for (size_t i = 0; i < kPieces; ++i) {
    PieceMemory memory = small.Run(wide->MemoryFor(kStripeBytesUnit));
    const Bytes piece = RandomBytes(dice, kStripeBytesUnit);
    std::copy(piece.begin(), piece.end(), memory.buffer->begin());
    model.insert(model.end(), piece.begin(), piece.end());
    writes.push_back(wide->WritePages(i * kStripeBytesUnit, std::move(memory), kStripeBytesUnit));
  }
  for (const Status& status : Together(std::move(writes))) EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(b.All(elsewhere) == model);
  EXPECT_TRUE(small.Close(wide).ok());
  EXPECT_TRUE(b.Close(elsewhere).ok());
}

// They end inside the file, which somebody made longer: what lies behind them in their last pages is to stay.
TEST_P(Sharing, PiecesOfAStreamThatEndInsideTheFileGetByWithTheMemoryTheyHave) {
  constexpr size_t kPieces = 32, kBytes = kStripeBytesUnit - 100;
  TestClient small{cluster, GetParam() + 4, std::chrono::seconds(60), 0, 4 << 20};
  ASSERT_EQ(small.Unlock("/d", 1), Code::kOk);
  const Opened wide = small.Create("/d/wide");
  ASSERT_TRUE(small.Run(wide->Truncate(kPieces * kStripeBytesUnit)).ok());
  std::vector<Task<Status>> writes;
  for (size_t i = 0; i < kPieces; ++i) {
    PieceMemory memory = small.Run(wide->MemoryFor(kBytes));
    std::fill(memory.buffer->begin(), memory.buffer->end(), static_cast<uint8_t>(i + 1));
    writes.push_back(wide->WritePages(i * kStripeBytesUnit, std::move(memory), kBytes));
  }
  for (const Status& status : cluster.loop.Run(WhenAll(std::move(writes)))) EXPECT_TRUE(status.ok()) << status.ToString();
  const Bytes all = small.All(wide);
  ASSERT_EQ(all.size(), kPieces * kStripeBytesUnit);
  for (size_t i = 0; i < all.size(); ++i) {
    const uint8_t wanted = i % kStripeBytesUnit < kBytes ? static_cast<uint8_t>(i / kStripeBytesUnit + 1) : 0;
    ASSERT_EQ(all[i], wanted) << i;
  }
  EXPECT_TRUE(small.Close(wide).ok());
}

TEST_P(Sharing, APunchTakesNothingOfAnAppendBehindItsRange) {
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(a.Run(of_a->Truncate(0)).ok());
    ASSERT_TRUE(a.Write(of_a, 0, Bytes(5000, 'o')).ok());
    const Bytes more(2000, 'n');
    std::vector<Task<Status>> both;
    both.push_back(of_a->Punch(0, 6000));
    both.push_back(AppendOne(of_b, &more));
    for (const Status& status : Together(std::move(both))) EXPECT_TRUE(status.ok()) << status.ToString();
    const Bytes all = b.All(of_b);
    ASSERT_EQ(all.size(), 7000U);
    EXPECT_EQ(Bytes(all.begin() + 6000, all.end()), Bytes(1000, 'n'));
    EXPECT_EQ(Bytes(all.begin(), all.begin() + 5000), Bytes(5000, 0));
  }
}

TEST_P(Sharing, AnOpenBesideATruncateLeavesTheSizeThatWasAskedFor) {
  EXPECT_TRUE(a.Close(of_a).ok());
  EXPECT_TRUE(b.Close(of_b).ok());
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(round);
    const uint64_t before = 1 + dice.Below(20000), wanted = dice.Below(20000);
    const std::string path = "/d/r" + std::to_string(round);
    a.Put(path, std::string(before, 'x'));
    const Opened by_path = *a.core.opener().Unopened(*a.Stat(path));
    std::vector<Task<Status>> both;
    both.push_back(by_path->Truncate(wanted));
    both.push_back([](TestClient* client, std::string which) -> Task<Status> {
      const Result<Opened> file = co_await client->core.opener().Open(which, TestClient::Existing(true));
      if (!file.ok()) co_return file.status();
      co_return co_await client->core.closer().Close(*file);
    }(&b, path));
    for (const Status& status : Together(std::move(both))) EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(a.SizeOf(path), wanted);
    Bytes model(std::min(before, wanted), 'x');
    model.resize(wanted);
    const Opened now = b.Open(path, false);
    EXPECT_TRUE(b.All(now) == model);
    EXPECT_TRUE(b.Close(now).ok());
    EXPECT_EQ(a.SizeOf(path), wanted);
  }
  of_a = a.Open("/d/f");
  of_b = b.Open("/d/f");
}

TEST_P(Sharing, WhoHadItOpenAndWroteNothingDoesNotTakeBackTimesThatWereSet) {
  const Opened idle = a.Create("/d/g");
  v1::SetAttrRequest request;
  *request.mutable_fid() = ToWire(idle->fid());
  request.set_set_mtime(true);
  request.set_mtime_ns(5);
  ASSERT_TRUE(b.Run(b.core.names().SetAttr(std::move(request))).ok());
  EXPECT_TRUE(a.Close(idle).ok());
  EXPECT_EQ(b.Stat("/d/g")->attr().mtime_ns(), 5);
}

// The page may have been cut off since it was read; or nobody ever read it, and the request makes no sense. Both must end.
TEST_P(Sharing, APunchWhoseSecondEdgeIsGoneEndsAndBlocksNobody) {
  const uint64_t far = 40 * kStripeBytesUnit + kStripeBytesUnit;  // on the other stripe
  ASSERT_TRUE(a.Write(of_a, 0, Bytes(9000, 'x')).ok());
  Bytes raw(kPageBytes);
  ASSERT_TRUE(a.Run(of_a->ReadRaw(0, 1, raw)).ok());
  v1::PunchFileRequest request;
  *request.mutable_fid() = ToWire(of_a->fid());
  request.set_first_page(1);
  for (uint64_t page : {uint64_t{0}, far / kPageBytes}) {
    v1::PunchFileRequest::Edge* edge = request.add_edges();
    edge->set_page(page);
    edge->set_ciphertext(ToString(ByteView(raw)));
    edge->set_digest(PageDigest(raw, {}));
  }
  request.set_page_count(far / kPageBytes - 1);
  const auto reply = a.Run(a.core.names().session().Call(&MdsApi::Punch, request, CallKind::kChange));
  EXPECT_EQ(reply.code(), Code::kLostRace) << reply.status().ToString();
  EXPECT_EQ(b.SizeOf("/d/f"), 9000U);
  const Status cut = b.Run(of_b->Truncate(100));
  EXPECT_TRUE(cut.ok()) << cut.ToString();
  EXPECT_EQ(a.SizeOf("/d/f"), 100U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Sharing, testing::Range<uint64_t>(100, 110));

}  // namespace
}  // namespace nacre
