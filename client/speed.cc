#include "client/speed.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "client/crypto/key_derivation.h"
#include "client/crypto/name_cipher.h"
#include "client/crypto/page_cipher.h"
#include "common/base/random.h"
#include "common/base/units.h"

namespace nacre {
namespace {

constexpr std::chrono::milliseconds kLong{400};

// How often work() was done per second by that many threads together.
double RatePerSecond(unsigned threads, const std::function<void()>& work) {
  std::atomic<uint64_t> done{0};
  std::atomic<bool> stop{false};
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      uint64_t mine = 0;
      for (; !stop.load(std::memory_order_relaxed); ++mine) work();
      done += mine;
    });
  }
  std::this_thread::sleep_for(kLong);
  stop = true;
  for (std::thread& worker : workers) worker.join();
  return static_cast<double>(done) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string Threads(unsigned count) { return std::to_string(count) + (count == 1 ? " thread" : " threads"); }

}  // namespace

std::vector<SpeedFigure> MeasureCiphers() {
  constexpr size_t kRunPages = 64;
  SystemRandom random;
  const KeyDerivation derivation(SecretKey::Generate(random));
  const PageCipher pages(derivation.ContentsKey(Nonce{}));
  const NameCipher names(derivation.NamesKey(Nonce{}), EncryptionPolicy{});
  std::vector<SpeedFigure> figures;
  const std::function<void()> encrypt = [&] {
    thread_local std::vector<uint8_t> buffer(kRunPages * kPageBytes);
    for (size_t i = 0; i < kRunPages; ++i) {
      const MutableBytes page(buffer.data() + i * kPageBytes, kPageBytes);
      pages.EncryptPage(page, i, page);
    }
  };
  const std::function<void()> decrypt = [&] {
    thread_local std::vector<uint8_t> buffer(kRunPages * kPageBytes);
    for (size_t i = 0; i < kRunPages; ++i) {
      const MutableBytes page(buffer.data() + i * kPageBytes, kPageBytes);
      pages.DecryptPage(page, i, page);
    }
  };
  for (unsigned threads : {1u, 2u}) {
    const double bytes = kRunPages * kPageBytes;
    figures.push_back({"AES-256-XTS pages, encrypt, " + Threads(threads), RatePerSecond(threads, encrypt) * bytes, "bytes/s"});
    figures.push_back({"AES-256-XTS pages, decrypt, " + Threads(threads), RatePerSecond(threads, decrypt) * bytes, "bytes/s"});
  }
  const double name_rate = RatePerSecond(1, [&] { (void)names.EncryptName("a-name-of-some-length.txt"); });
  figures.push_back({"AES-256-CBC-CTS names, encrypt, 1 thread", name_rate, "names/s"});
  const double key_rate = RatePerSecond(1, [&] { (void)derivation.ContentsKey(Nonce{}); });
  figures.push_back({"keys of files (HKDF-SHA512), 1 thread", key_rate, "keys/s"});
  return figures;
}

}  // namespace nacre
