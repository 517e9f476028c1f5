// nacre_sim_bugs: puts each planted bug into the cluster in turn and runs seeds until one fails. Fails itself when a bug is
// not found: then some check of the simulator checks nothing.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/sim/planted_bugs.h"
#include "tests/sim/run.h"

namespace nacre::sim {
namespace {

constexpr int kFound = 7;

// In a process of its own: a cluster with a bug may well die of it.
int RunWith(const Planting& planting, uint64_t first, uint64_t count) {
  Plant(planting.bug);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Plan plan = Plan::Of(seed);
    plan.encrypted = planting.encrypted;
    const Verdict verdict = RunSeed(plan, false);
    const auto found = std::find_if(verdict.failures.begin(), verdict.failures.end(), [&](const std::string& failure) {
      return failure.find(planting.says) != std::string::npos;
    });
    if (found == verdict.failures.end()) continue;
    std::string why = *found;
    for (char& c : why) c = c == '\n' ? ' ' : c;
    std::printf("    seed %llu: %.160s\n", static_cast<unsigned long long>(seed), why.c_str());
    std::fflush(stdout);
    return kFound;
  }
  return 0;
}

bool Finds(const Planting& planting, uint64_t first, uint64_t count) {
  std::printf("%s\n", planting.name.c_str());
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) _exit(RunWith(planting, first, count));
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) std::printf("    its process died (signal %d)\n", WTERMSIG(status));
  // Where a certain check is to find it, dying of it is not enough.
  const bool found = WIFSIGNALED(status) ? planting.says.empty() : WEXITSTATUS(status) == kFound;
  if (!found) std::printf("    NOT FOUND in %llu seeds\n", static_cast<unsigned long long>(count));
  return found;
}

int Main(int argc, char** argv) {
  testing::InitGoogleTest();
  uint64_t first = 1, count = 3000;
  std::string only;
  CLI::App app("Is each planted bug found?");
  app.add_option("--seeds", count, "how many seeds to try for each")->capture_default_str();
  app.add_option("--first", first, "the first of them")->capture_default_str();
  app.add_option("--bug", only, "this one alone");
  CLI11_PARSE(app, argc, argv);
  size_t missed = 0, tried = 0;
  for (const Planting& planting : PlantedBugs()) {
    if (!only.empty() && planting.name != only) continue;
    ++tried;
    missed += Finds(planting, first, count) ? 0 : 1;
  }
  std::printf("%zu planted bugs, %zu not found\n", tried, missed);
  return tried > 0 && missed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nacre::sim

int main(int argc, char** argv) {
  try {
    return nacre::sim::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nacre_sim_bugs: %s\n", error.what());
    return 2;
  }
}
