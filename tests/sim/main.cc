// nacre_sim: runs seeds, some at a time in processes of their own, so that one that dies takes no other with it. A seed that
// fails is printed with what failed and the end of its trace; the whole trace goes to a file.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/sim/run.h"

namespace nacre::sim {
namespace {

// What CI has time for; NACRE_EFFORT=full for the whole. Sanitized code is some 10 times slower.
uint64_t UsualCount() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 100;
#else
  const char* effort = std::getenv("NACRE_EFFORT");
  return effort != nullptr && std::string(effort) == "full" ? 10'000 : 1000;
#endif
}

struct Options {
  uint64_t first = 1, count = UsualCount();
  bool one = false, twice = false;
  unsigned jobs = 2;
  size_t trace_lines = 60;
  std::string trace_directory = ".";
};

struct Totals {
  uint64_t seeds = 0, calls = 0, crashes = 0, replays = 0, resends = 0;
  double simulated_seconds = 0;
  std::set<uint64_t> failed;
};

// One line for each seed, to the parent: what PrintVerdict of it reads.
std::string LineOf(const Verdict& verdict) {
  std::ostringstream line;
  line << "done " << verdict.seed << ' ' << verdict.failures.size() << ' ' << verdict.digest << ' '
       << verdict.simulated_seconds << ' ' << verdict.calls << ' ' << verdict.crashes << ' ' << verdict.replays << ' '
       << verdict.resends << '\n';
  return line.str();
}

void Tell(int pipe, const std::string& line) {
  if (write(pipe, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(3);
}

void Explain(const Options& options, const Verdict& verdict) {
  const Verdict again = RunSeed(Plan::Of(verdict.seed), true);
  std::ostringstream text;
  text << "\nseed " << verdict.seed << " FAILED (again: ./dev sim --seed " << verdict.seed << ")\n"
       << "  " << Plan::Of(verdict.seed).Text() << "\n";
  for (const std::string& failure : verdict.failures) text << "  - " << failure << "\n";
  if (again.digest != verdict.digest) text << "  - and the second run of this seed went another way\n";
  const size_t from = again.trace.size() > options.trace_lines ? again.trace.size() - options.trace_lines : 0;
  for (size_t i = from; i < again.trace.size(); ++i) text << "    " << again.trace[i] << "\n";
  const std::string path = options.trace_directory + "/sim-seed-" + std::to_string(verdict.seed) + ".trace";
  std::ofstream file(path);
  for (const std::string& line : again.trace) file << line << "\n";
  if (file) text << "  whole trace: " << path << "\n";
  std::fputs(text.str().c_str(), stdout);
  std::fflush(stdout);
}

void RunOne(const Options& options, uint64_t seed, int pipe) {
  Tell(pipe, "begin " + std::to_string(seed) + "\n");
  Verdict verdict = RunSeed(Plan::Of(seed), false);
  if (options.twice && RunSeed(Plan::Of(seed), false).digest != verdict.digest) {
    verdict.failures.emplace_back("the second run of this seed went another way");
  }
  if (!verdict.failures.empty()) Explain(options, verdict);
  Tell(pipe, LineOf(verdict));
}

// The seeds first, first + jobs, ...: of one process.
pid_t StartProcess(const Options& options, uint64_t from, int pipe) {
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  for (uint64_t seed = from; seed < options.first + options.count; seed += options.jobs) RunOne(options, seed, pipe);
  std::fflush(stdout);
  _exit(0);
}

class Runner {
 public:
  explicit Runner(const Options& options) : options_(options) {}

  int Run() {
    const auto began = std::chrono::steady_clock::now();
    for (unsigned job = 0; job < options_.jobs; ++job) Start(options_.first + job);
    while (!processes_.empty()) ReadAll();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::printf("%llu seeds in %.1f s (%.0f a minute), %.0f simulated seconds in each real one; %llu calls, %llu resent, "
                "%llu replayed, %llu servers lost power; %zu failed\n",
                static_cast<unsigned long long>(totals_.seeds), seconds, static_cast<double>(totals_.seeds) * 60 / seconds,
                totals_.simulated_seconds / seconds, static_cast<unsigned long long>(totals_.calls),
                static_cast<unsigned long long>(totals_.resends), static_cast<unsigned long long>(totals_.replays),
                static_cast<unsigned long long>(totals_.crashes), totals_.failed.size());
    for (const uint64_t seed : totals_.failed) std::printf("failed: %llu\n", static_cast<unsigned long long>(seed));
    return totals_.failed.empty() ? 0 : 1;
  }

 private:
  struct Process {
    pid_t pid = 0;
    std::string text;
    uint64_t running = 0;  // the seed under way; 0: none
  };
  void Start(uint64_t from) {
    if (from >= options_.first + options_.count) return;
    int ends[2];
    if (pipe(ends) != 0) std::perror("pipe"), std::exit(1);
    const pid_t pid = StartProcess(options_, from, ends[1]);
    close(ends[1]);
    processes_[ends[0]].pid = pid;
  }
  void ReadAll() {
    std::vector<pollfd> polled;
    for (const auto& [pipe, process] : processes_) polled.push_back({pipe, POLLIN, 0});
    if (poll(polled.data(), polled.size(), -1) < 0) return;
    for (const pollfd& one : polled) {
      if (one.revents != 0) Read(one.fd);
    }
  }
  void Read(int pipe) {
    char buffer[4096];
    const ssize_t got = read(pipe, buffer, sizeof buffer);
    Process& process = processes_[pipe];
    if (got <= 0) return Ended(pipe);
    process.text.append(buffer, static_cast<size_t>(got));
    for (size_t end; (end = process.text.find('\n')) != std::string::npos;) {
      Take(process, process.text.substr(0, end));
      process.text.erase(0, end + 1);
    }
  }
  void Take(Process& process, const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    uint64_t seed = 0;
    words >> kind >> seed;
    if (kind == "begin") {
      process.running = seed;
      return;
    }
    process.running = 0;
    size_t failures = 0;
    uint64_t digest = 0, calls = 0, crashes = 0, replays = 0, resends = 0;
    double simulated = 0;
    words >> failures >> digest >> simulated >> calls >> crashes >> replays >> resends;
    ++totals_.seeds;
    totals_.calls += calls;
    totals_.crashes += crashes;
    totals_.replays += replays;
    totals_.resends += resends;
    totals_.simulated_seconds += simulated;
    if (failures > 0) totals_.failed.insert(seed);
    if (options_.one) std::printf("seed %llu, digest %016llx\n", static_cast<unsigned long long>(seed), static_cast<unsigned long long>(digest));
  }
  void Ended(int pipe) {
    Process process = processes_[pipe];
    close(pipe);
    processes_.erase(pipe);
    int status = 0;
    waitpid(process.pid, &status, 0);
    if (process.running == 0) return;
    std::printf("\nseed %llu: its process died (status %d): ./dev sim --seed %llu\n",
                static_cast<unsigned long long>(process.running), status, static_cast<unsigned long long>(process.running));
    ++totals_.seeds;
    totals_.failed.insert(process.running);
    Start(process.running + options_.jobs);
  }

  const Options options_;
  Totals totals_;
  std::map<int, Process> processes_;
};

int Main(int argc, char** argv) {
  testing::InitGoogleTest();
  Options options;
  uint64_t seed = 0;
  CLI::App app("Whole clusters in one thread, and everything that can go wrong");
  app.add_option("--seeds", options.count, "how many seeds to run")->capture_default_str();
  app.add_option("--first", options.first, "the first of them")->capture_default_str();
  CLI::Option* one = app.add_option("--seed", seed, "run this one alone");
  app.add_option("--jobs", options.jobs, "how many at a time")->capture_default_str()->check(CLI::Range(1, 64));
  app.add_flag("--twice", options.twice, "run each twice: both must go the same way");
  app.add_option("--trace-lines", options.trace_lines, "how much of a failed seed's trace to print")->capture_default_str();
  app.add_option("--trace-dir", options.trace_directory, "where traces of failed seeds go")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (one->count() > 0) {
    options.first = seed;
    options.count = options.jobs = 1;
    options.one = options.twice = true;
  }
  return Runner(options).Run();
}

}  // namespace
}  // namespace nacre::sim

int main(int argc, char** argv) {
  try {
    return nacre::sim::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nacre_sim: %s\n", error.what());
    return 2;
  }
}
