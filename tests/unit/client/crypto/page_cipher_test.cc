#include "client/crypto/page_cipher.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <type_traits>

#include "gmock/gmock.h"
#include "tests/unit/client/crypto/crypto_test_support.h"

namespace nacre {
// The reader of the wire is a friend of CipherRun; the test takes that role to cut runs where it likes.
class WireRuns {
 public:
  static CipherRunPtr Cut(const CipherRun& run, SeededRandom& random, bool encrypted) {
    auto bytes = std::make_shared<std::string>();
    for (ByteView piece : run.pieces()) *bytes += AsText(piece);
    std::vector<ByteView> pieces;
    for (ByteView rest = AsBytes(*bytes); !rest.empty();) {
      const size_t step = std::min<size_t>(rest.size(), random.Below(3) == 0 ? random.Below(3) : random.Below(9000));
      pieces.push_back(rest.first(step));
      rest = rest.subspan(step);
    }
    pieces.push_back({});
    return CipherRun::Make(std::move(pieces), bytes, encrypted);
  }
};

namespace {

static_assert(!std::is_copy_constructible_v<PlainPages>);

std::string BytesOf(const CipherRun& run) {
  std::string out;
  for (ByteView piece : run.pieces()) out += AsText(piece);
  return out;
}

class PageCipherTest : public testing::Test {
 protected:
  SeededRandom random_{7};
  const std::string key_ = RandomText(random_, 64);
  const PageCipher cipher_{KeyOf(key_)};
  const std::shared_ptr<PageBufferPool> pool_ = PageBufferPool::Create(4 * kPageBytes, 4);

  std::string TextbookPages(std::string plain, uint64_t page_first) {
    plain.resize(RoundUpToPage(plain.size()), '\0');
    std::string out;
    for (size_t at = 0; at < plain.size(); at += kPageBytes) {
      out += Text(textbook::XtsEncrypt(Book(key_), page_first + at / kPageBytes, Book(plain.substr(at, kPageBytes))));
    }
    return out;
  }
  std::string Decrypted(const CipherRun& run, uint64_t page_first, uint64_t offset, size_t bytes) {
    std::string out(bytes, '?');
    const Status status =
        cipher_.Decrypt(run, page_first, offset, {reinterpret_cast<uint8_t*>(out.data()), out.size()});
    EXPECT_TRUE(status.ok()) << status.ToString();
    return out;
  }
};

TEST_F(PageCipherTest, MatchesTheTextbookForEverySizeAroundAPageBorder) {
  for (size_t bytes : {1u, 15u, 4095u, 4096u, 4097u, 8191u, 8192u, 8193u, 12288u}) {
    const std::string plain = RandomText(random_, bytes);
    for (uint64_t page_first : {uint64_t{0}, uint64_t{1}, uint64_t{0x1122334455}}) {
      const CipherRunPtr run = cipher_.EncryptRun(AsBytes(plain), page_first, *pool_);
      EXPECT_TRUE(run->encrypted());
      EXPECT_EQ(run->page_count(), PagesCovering(bytes));
      EXPECT_EQ(BytesOf(*run), TextbookPages(plain, page_first)) << bytes;
      EXPECT_EQ(Decrypted(*run, page_first, page_first * kPageBytes, bytes), plain);
    }
  }
}

TEST_F(PageCipherTest, ZeroesWhatAnEarlierUserLeftBehindTheEnd) {
  { const auto dirty = pool_->Take(); std::fill(dirty->begin(), dirty->end(), uint8_t{0xee}); }
  const CipherRunPtr run = cipher_.EncryptRun(AsBytes("abc"), 5, *pool_);
  EXPECT_EQ(Decrypted(*run, 5, 5 * kPageBytes, kPageBytes), "abc" + std::string(kPageBytes - 3, '\0'));
}

TEST_F(PageCipherTest, TakesSeveralBuffersForARunLongerThanOne) {
  const std::string plain = RandomText(random_, 11 * kPageBytes - 7);
  const CipherRunPtr run = cipher_.EncryptRun(AsBytes(plain), 3, *pool_);
  EXPECT_EQ(run->pieces().size(), 3u);
  EXPECT_EQ(BytesOf(*run), TextbookPages(plain, 3));
}

TEST_F(PageCipherTest, TakesClearTextFromSeveralPlaces) {
  const std::string plain = RandomText(random_, 6 * kPageBytes + 100);
  const std::string head = plain.substr(0, kPageBytes), body = plain.substr(kPageBytes, 4 * kPageBytes),
                    tail = plain.substr(5 * kPageBytes);
  const ByteView parts[] = {AsBytes(head), AsBytes(body), {}, AsBytes(tail)};
  EXPECT_EQ(BytesOf(*cipher_.EncryptRun(parts, 9, *pool_)), TextbookPages(plain, 9));
}

TEST_F(PageCipherTest, EncryptsInPlaceAndConsumesTheClearText) {
  const std::string plain = RandomText(random_, 2 * kPageBytes + 5);
  auto buffer = pool_->Take();
  const uint8_t* const memory = buffer->data();
  std::fill(buffer->begin(), buffer->end(), uint8_t{0xdd});
  std::copy(plain.begin(), plain.end(), buffer->begin());
  PlainPages pages(std::move(buffer), plain.size());
  EXPECT_EQ(pages.page_count(), 3u);
  const CipherRunPtr run = cipher_.EncryptInPlace(std::move(pages), 2);
  EXPECT_TRUE(pages.bytes().empty());  // NOLINT: what is left of consumed clear text is the promise
  EXPECT_EQ(run->pieces().front().data(), memory);
  EXPECT_EQ(BytesOf(*run), TextbookPages(plain, 2));
}

TEST_F(PageCipherTest, DecryptsAnyRangeOutOfPiecesCutAnywhere) {
  const uint64_t page_first = 1000;
  const std::string plain = RandomText(random_, 9 * kPageBytes);
  const CipherRunPtr whole = cipher_.EncryptRun(AsBytes(plain), page_first, *pool_);
  for (int round = 0; round < 300; ++round) {
    const CipherRunPtr run = WireRuns::Cut(*whole, random_, true);
    const size_t begin = random_.Below(plain.size() + 1);
    const size_t bytes = random_.Below(plain.size() - begin + 1);
    ASSERT_EQ(Decrypted(*run, page_first, page_first * kPageBytes + begin, bytes), plain.substr(begin, bytes))
        << begin << " " << bytes;
  }
}

TEST_F(PageCipherTest, RefusesARangeThatTheRunDoesNotHold) {
  const CipherRunPtr run = cipher_.EncryptRun(AsBytes(RandomText(random_, 2 * kPageBytes)), 10, *pool_);
  std::string out(2 * kPageBytes + 1, '\0');
  const MutableBytes all(reinterpret_cast<uint8_t*>(out.data()), out.size());
  EXPECT_EQ(cipher_.Decrypt(*run, 10, 10 * kPageBytes, all).code(), Code::kInvalid);
  EXPECT_EQ(cipher_.Decrypt(*run, 10, 10 * kPageBytes - 1, all.first(1)).code(), Code::kInvalid);
  EXPECT_EQ(cipher_.Decrypt(*run, 10, 12 * kPageBytes, all.first(1)).code(), Code::kInvalid);
  EXPECT_EQ(cipher_.Decrypt(*run, 10, UINT64_MAX, all.first(1)).code(), Code::kInvalid);
  EXPECT_EQ(cipher_.Decrypt(*run, UINT64_MAX, 0, all.first(1)).code(), Code::kInvalid);
  EXPECT_TRUE(cipher_.Decrypt(*run, 10, 12 * kPageBytes, all.first(0)).ok());
}

TEST_F(PageCipherTest, RefusesPagesMarkedAsClearText) {
  const CipherRunPtr run = cipher_.EncryptRun(AsBytes("x"), 0, *pool_);
  std::string out(1, '\0');
  const CipherRunPtr clear = WireRuns::Cut(*run, random_, false);
  EXPECT_EQ(cipher_.Decrypt(*clear, 0, 0, {reinterpret_cast<uint8_t*>(out.data()), 1}).code(), Code::kInvalid);
}

TEST_F(PageCipherTest, CryptsOnePageInPlaceToo) {
  std::string page = RandomText(random_, kPageBytes);
  const std::string plain = page;
  const MutableBytes bytes(reinterpret_cast<uint8_t*>(page.data()), page.size());
  cipher_.EncryptPage(bytes, 77, bytes);
  EXPECT_EQ(page, TextbookPages(plain, 77));
  cipher_.DecryptPage(bytes, 77, bytes);
  EXPECT_EQ(page, plain);
}

TEST_F(PageCipherTest, KeepsTheRunAfterPoolAndCipherAreGone) {
  CipherRunPtr run;
  {
    const auto pool = PageBufferPool::Create(kPageBytes, 1);
    const PageCipher cipher(KeyOf(key_));
    run = cipher.EncryptRun(AsBytes("lives on"), 0, *pool);
  }
  EXPECT_EQ(Decrypted(*run, 0, 0, 8), "lives on");
}

TEST_F(PageCipherTest, ServesManyThreadsAtOnceOnOneFile) {
  const std::string plain = RandomText(random_, 3 * kPageBytes + 11);
  const std::string expected = TextbookPages(plain, 4);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const CipherRunPtr run = cipher_.EncryptRun(AsBytes(plain), 4, *pool_);
        std::string out(plain.size(), '\0');
        const MutableBytes bytes(reinterpret_cast<uint8_t*>(out.data()), out.size());
        const Status status = cipher_.Decrypt(*run, 4, 4 * kPageBytes, bytes);
        if (BytesOf(*run) != expected || !status.ok() || out != plain) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace nacre
