// What page encryption costs beside OpenSSL alone: a bare EVP loop (one context, IV set for each page of 4096 bytes)
// and PageCipher's runs, with one worker and with two, interleaved in one run. Prints the ratios of the medians;
// wanted are >= 0.97 of the bare loop and >= 1.8 times one worker with two. And what a create in an encrypted
// directory adds: < 5 us.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/crypto/file_keys.h"
#include "common/base/check.h"
#include "common/base/page_buffer.h"

namespace nacre {
namespace {

constexpr size_t kRunBytes = kMiB;
constexpr uint64_t kRunPages = kRunBytes / kPageBytes;

struct Fixture {
  Fixture() { random.Fill(plain); }

  SeededRandom random{1};
  std::vector<uint8_t> plain = std::vector<uint8_t>(kRunBytes);
  const MasterKey master{SecretKey::Generate(random)};
  const EncryptionContext context = NewContext(NewPolicy(master), random);
  const SecretKey key = master.derivation().ContentsKey(context.nonce);
  const std::shared_ptr<const PageCipher> cipher = OpenPages(master, context).value();
  const std::shared_ptr<PageBufferPool> pool = PageBufferPool::Create(kRunBytes, 4);
};

Fixture& Shared() {
  static Fixture fixture;
  return fixture;
}

// Buffers of one worker, touched before the clock starts.
struct Buffers {
  std::vector<uint8_t> in = Shared().plain;
  std::vector<uint8_t> out = std::vector<uint8_t>(kRunBytes);
};

void Bare(benchmark::State& state, int encrypt) {
  Buffers buffers;
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-XTS", nullptr);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  NACRE_CHECK(EVP_CipherInit_ex(context, cipher, nullptr, Shared().key.bytes().data(), nullptr, encrypt) == 1, "key");
  for (auto _ : state) {
    for (uint64_t page = 0; page < kRunPages; ++page) {
      uint8_t iv[16] = {};
      StoreLittleEndian64(iv, page);
      int written = 0;
      EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, iv, encrypt);
      EVP_CipherUpdate(context, &buffers.out[page * kPageBytes], &written, &buffers.in[page * kPageBytes], kPageBytes);
    }
    benchmark::ClobberMemory();
  }
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kRunBytes));
}

void BareEncrypt(benchmark::State& state) { Bare(state, 1); }
void BareDecrypt(benchmark::State& state) { Bare(state, 0); }

void RunEncrypt(benchmark::State& state) {
  Buffers buffers;
  for (auto _ : state) {
    benchmark::DoNotOptimize(Shared().cipher->EncryptRun(buffers.in, 0, *Shared().pool));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kRunBytes));
}

void RunDecrypt(benchmark::State& state) {
  Buffers buffers;
  const CipherRunPtr run = Shared().cipher->EncryptRun(buffers.in, 0, *Shared().pool);
  for (auto _ : state) {
    NACRE_CHECK(Shared().cipher->Decrypt(*run, 0, 0, buffers.out).ok(), "decrypts");
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kRunBytes));
}

// What the client adds to create and write of one small encrypted file: its context, its key, its name, one page.
void CreateContextAndKey(benchmark::State& state) {
  SystemRandom random;
  for (auto _ : state) {
    const EncryptionContext child = NewContext(Shared().context.policy, random);
    benchmark::DoNotOptimize(OpenPages(Shared().master, child));
  }
}

void CreateEncryptName(benchmark::State& state) {
  const auto names = OpenNames(Shared().master, Shared().context).value();
  for (auto _ : state) benchmark::DoNotOptimize(names->EncryptName("a-file-name-of-usual-length.txt"));
}

void CreateEncryptNameHctr2(benchmark::State& state) {
  EncryptionContext context = Shared().context;
  context.policy.names_mode = NamesMode::kAes256Hctr2;
  const auto names = OpenNames(Shared().master, context).value();
  for (auto _ : state) benchmark::DoNotOptimize(names->EncryptName("a-file-name-of-usual-length.txt"));
}

void FirstPageOfAFile(benchmark::State& state) {
  SystemRandom random;
  for (auto _ : state) {
    const auto cipher = OpenPages(Shared().master, NewContext(Shared().context.policy, random)).value();
    benchmark::DoNotOptimize(cipher->EncryptRun(ByteView(Shared().plain).first(kPageBytes), 0, *Shared().pool));
  }
}

class RatioReporter final : public benchmark::ConsoleReporter {
 public:
  // All repetitions are kept for the ratios, the medians alone are shown.
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> medians;
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median") medians.push_back(run);
      if (run.run_type == Run::RT_Iteration && !run.error_occurred) {
        nanoseconds_[run.run_name.function_name + run.run_name.threads].push_back(run.GetAdjustedRealTime());
      }
    }
    if (!medians.empty()) ConsoleReporter::ReportRuns(medians);
  }

  void PrintRatios() {
    std::printf("\nratios of medians (of %zu interleaved repetitions)\n", nanoseconds_["BareEncrypt"].size());
    Line("encrypt: runs / bare loop", "BareEncrypt", "RunEncrypt", "wanted >= 0.97");
    Line("decrypt: runs / bare loop", "BareDecrypt", "RunDecrypt", "wanted >= 0.97");
    Line("encrypt: two workers / one", "RunEncrypt", "RunEncryptthreads:2", "wanted >= 1.8 on two free cores");
    Line("decrypt: two workers / one", "RunDecrypt", "RunDecryptthreads:2", "wanted >= 1.8 on two free cores");
    Line("bare loop: two workers / one", "BareEncrypt", "BareEncryptthreads:2", "what this machine gives");
    const double create = Median("CreateContextAndKey") + Median("CreateEncryptName");
    if (create > 0) std::printf("%-34s %6.2f us   wanted < 5\n", "create: context, key and name", create / 1e3);
  }

 private:
  double Median(const std::string& name) {
    std::vector<double>& all = nanoseconds_[name];
    if (all.empty()) return 0;
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
  }
  void Line(const char* what, const char* base, const char* measured, const char* wanted) {
    const double time = Median(measured);
    if (time > 0) std::printf("%-34s %6.3f      %s\n", what, Median(base) / time, wanted);
  }
  std::map<std::string, std::vector<double>> nanoseconds_;
};

BENCHMARK(BareEncrypt)->UseRealTime();
BENCHMARK(RunEncrypt)->UseRealTime();
BENCHMARK(BareDecrypt)->UseRealTime();
BENCHMARK(RunDecrypt)->UseRealTime();
BENCHMARK(BareEncrypt)->Threads(2)->UseRealTime();
BENCHMARK(RunEncrypt)->Threads(2)->UseRealTime();
BENCHMARK(RunDecrypt)->Threads(2)->UseRealTime();
BENCHMARK(CreateContextAndKey)->UseRealTime();
BENCHMARK(CreateEncryptName)->UseRealTime();
BENCHMARK(CreateEncryptNameHctr2)->UseRealTime();
BENCHMARK(FirstPageOfAFile)->UseRealTime();

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
  // Defaults first: what stands later on the command line wins.
  std::vector<std::string> words = {argv[0], "--benchmark_repetitions=101",
                                    "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.02"};
  words.insert(words.end(), argv + 1, argv + argc);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;
  nacre::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.PrintRatios();
  return 0;
}
