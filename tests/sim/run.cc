#include "tests/sim/run.h"

#include <gtest/gtest-spi.h>

#include "client/fsck/fsck.h"
#include "common/kv/memory_kv.h"
#include "oss/store/memory_device.h"
#include "tests/sim/chaos.h"
#include "tests/sim/own_directories.h"
#include "tests/sim/own_tree.h"
#include "tests/sim/shared_file.h"
#include "tests/sim/shared_moves.h"
#include "tests/sim/shared_names.h"

namespace nacre::sim {
namespace {

// What is under way has this long to end once everything has mended.
constexpr Duration kEndsWithin = std::chrono::hours(2);

class Simulation {
 public:
  // failures: where EXPECT puts what does not hold.
  Simulation(const Plan& plan, bool keep_trace, const testing::TestPartResultArray& failures)
      : failures_(failures), world_(plan, keep_trace), shared_file_(world_), shared_names_(world_), shared_moves_(world_) {
    for (uint32_t i = 0; i < plan.clients * plan.workers; ++i) trees_.push_back(std::make_unique<OwnTree>(world_, i));
    for (uint32_t i = 0; i < plan.clients && plan.directories; ++i) {
      directories_.push_back(std::make_unique<OwnDirectories>(world_, i));
    }
  }

  void Go(Verdict& verdict) {
    bool over = false;
    Detach(All(this, &over));
    const bool ended = world_.loop.RunUntil([&over] { return over; }, kEndsWithin + kEndsWithin * world_.plan.rounds);
    EXPECT_TRUE(ended) << "something waits for ever";
    verdict.stuck = !ended;
  }
  World& world() { return world_; }
  bool cleared() const { return cleared_; }  // all that was made is removed again

  struct Totals {
    uint64_t calls = 0, replays = 0, resends = 0;
  };
  const Totals& totals() const { return totals_; }

 private:
  static Task<void> All(Simulation* self, bool* over) {
    co_await self->Run();
    *over = true;
  }
  Task<void> Run() {
    const Status formatted = co_await world_.Format();
    EXPECT_TRUE(formatted.ok()) << "the first client: " << formatted.ToString();
    if (!formatted.ok()) co_return;
    co_await Prepare();
    for (uint32_t round = 0; round < world_.plan.rounds && !Failed(); ++round) {
      world_.Note("round " + std::to_string(round));
      co_await Round();
    }
    if (!Failed()) co_await ClearAll();
  }
  Task<void> Prepare() {
    const Result<SimClientPtr> client = co_await world_.NewClient(World::Patience::kEndless);
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    if (!client.ok()) co_return;
    if (world_.plan.shared_files) co_await shared_file_.Make(*client);
    if (world_.plan.shared_names) co_await shared_names_.Make(*client);
    if (world_.plan.directories) co_await shared_moves_.Make(*client);
    Leave(*client);
  }
  Task<void> Round() {
    for (uint32_t i = 0; i < world_.plan.clients; ++i) {
      const Result<SimClientPtr> client = co_await world_.NewClient(World::Patience::kAsPlanned);
      EXPECT_TRUE(client.ok()) << client.status().ToString();
      if (!client.ok()) co_return;
      clients_.push_back(*client);
    }
    Chaos chaos(world_, clients_);
    chaos.Begin();
    working_ = 0;
    const uint32_t steps = world_.plan.steps;
    for (uint32_t i = 0; i < trees_.size(); ++i) {
      const SimClientPtr& client = clients_[i % clients_.size()];
      Begin(trees_[i]->Work(client, steps));
      if (world_.plan.shared_files) Begin(shared_file_.Work(client, std::min(steps, 8U)));
      if (world_.plan.shared_names) Begin(shared_names_.Work(client, std::min(steps, 10U)));
    }
    for (uint32_t i = 0; i < directories_.size(); ++i) {
      Begin(directories_[i]->Work(clients_[i], steps));
      Begin(shared_moves_.Work(clients_[i], std::min(steps, 10U)));
    }
    // Faults go on for a while, and work goes on without them: what waits for each other must get there.
    const MonotonicTime limit = world_.loop.Now() + std::chrono::seconds(60);
    while (working_ > 0 && world_.loop.Now() < limit) co_await Sleep(world_.loop, world_.loop, std::chrono::milliseconds(50));
    co_await chaos.End();
    while (working_ > 0) co_await Sleep(world_.loop, world_.loop, std::chrono::milliseconds(50));
    co_await Settle();
  }
  void Begin(Task<void> work) {
    ++working_;
    Detach(Counted(this, std::move(work)));
  }
  static Task<void> Counted(Simulation* self, Task<void> work) {
    co_await std::move(work);
    --self->working_;
  }
  // Clients commit and go; what is on its way arrives; then a new client sees whether all is as it must be.
  Task<void> Settle() {
    for (const SimClientPtr& client : clients_) {
      if (client->dead()) continue;
      const Status committed = co_await client->Do(client->core.Commit(), client);
      if (!committed.ok() && !client->doubtful) {
        EXPECT_TRUE(world_.plan.MayFail()) << client->name() << " commits: " << committed.ToString();
      }
      if (!committed.ok()) client->doubtful = true;
    }
    co_await world_.Drain();
    const Result<SimClientPtr> judge = co_await world_.NewClient(World::Patience::kEndless);
    EXPECT_TRUE(judge.ok()) << "a new client, when all has mended: " << judge.status().ToString();
    if (!judge.ok()) co_return;
    for (const auto& tree : trees_) co_await tree->Verify(*judge);
    if (world_.plan.shared_files) co_await shared_file_.Verify(*judge);
    if (world_.plan.shared_names) co_await shared_names_.Verify(*judge);
    for (const auto& tree : directories_) co_await tree->Verify(*judge);
    co_await shared_moves_.Verify(*judge);
    co_await Check(*judge, false);
    CheckForClearText();
    for (uint32_t index = 0; index < world_.osts.size(); ++index) world_.CheckFences(index);
    const Status committed = co_await (*judge)->Do((*judge)->core.Commit(), *judge);
    EXPECT_TRUE(committed.ok()) << committed.ToString();
    Leave(*judge);
    for (const SimClientPtr& client : clients_) Leave(client);
    clients_.clear();
  }
  Task<void> ClearAll() {
    // What could not be read in the background is looked for again at the next start.
    if (world_.plan.failed_reads.count() > 0) co_await world_.RestartAll();
    const Result<SimClientPtr> client = co_await world_.NewClient(World::Patience::kEndless);
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    if (!client.ok()) co_return;
    for (const auto& tree : trees_) co_await tree->Clear(*client);
    if (world_.plan.shared_files) co_await shared_file_.Clear(*client);
    if (world_.plan.shared_names) co_await shared_names_.Clear(*client);
    for (const auto& tree : directories_) co_await tree->Clear(*client);
    co_await shared_moves_.Clear(*client);
    // The silent are forgotten, their files closed, orphans destroyed.
    co_await Sleep(world_.loop, world_.loop, std::chrono::minutes(5));
    co_await Check(*client, true);
    co_await Check(*client, false);
    Leave(*client);
    co_await Sleep(world_.loop, world_.loop, std::chrono::minutes(10));
    cleared_ = true;
  }
  // One tree, every count and size right (promises P4, P7). Only what a client that is gone wrote to a file whose create is
  // lost with it has no name any more.
  Task<void> Check(SimClientPtr client, bool repair) {
    FsckOptions options;
    options.repair = repair;
    const Result<FsckReport> report = co_await client->Do(Fsck(client->core, options), client);
    EXPECT_TRUE(report.ok()) << "fsck: " << report.status().ToString();
    if (!report.ok()) co_return;
    for (const FsckFinding& finding : report->findings) {
      EXPECT_TRUE(world_.plan.MayHaveOrphans() && !repaired_ && finding.kind == "orphan-object")
          << "fsck" << (repaired_ ? " after a repair: " : ": ") << finding.kind << " " << finding.fid << ": " << finding.what;
    }
    repaired_ |= repair;
  }
  // While everything is there.
  void CheckForClearText() {
    EXPECT_FALSE(world_.mds->Stores(kCanary)) << "the MDS stores clear text";
    for (size_t i = 0; i < world_.osts.size(); ++i) {
      EXPECT_FALSE(world_.osts[i]->Stores(kCanary)) << "OST " << i << " stores clear text";
    }
  }
  void Leave(const SimClientPtr& client) {
    totals_.calls += client->log.Total();
    totals_.replays += client->log.replays();
    totals_.resends += client->log.resends();
    world_.Bury(client);
  }
  bool Failed() const { return failures_.size() > 0; }

  const testing::TestPartResultArray& failures_;
  World world_;
  std::vector<std::unique_ptr<OwnTree>> trees_;
  std::vector<std::unique_ptr<OwnDirectories>> directories_;
  SharedFile shared_file_;
  SharedNames shared_names_;
  SharedMoves shared_moves_;
  std::vector<SimClientPtr> clients_;
  int working_ = 0;
  bool repaired_ = false;
  Totals totals_;
  bool cleared_ = false;
};

// At the end, when everything was removed.
void CheckForLeftovers(Simulation& simulation) {
  World& world = simulation.world();
  if (!simulation.cleared()) return;
  for (size_t i = 0; i < world.osts.size(); ++i) {
    const std::vector<std::string> left = world.osts[i]->Objects();
    EXPECT_TRUE(left.empty()) << "OST " << i << " has " << left.size() << " objects of no file, one of them " << left.front();
  }
}

}  // namespace

Verdict RunSeed(const Plan& plan, bool keep_trace) {
  static std::vector<std::unique_ptr<Simulation>> left_as_it_is;
  Verdict verdict;
  verdict.seed = plan.seed;
  testing::TestPartResultArray results;
  {
    testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    auto simulation = std::make_unique<Simulation>(plan, keep_trace, results);
    simulation->Go(verdict);
    if (results.size() == 0) CheckForLeftovers(*simulation);
    World& world = simulation->world();
    verdict.digest = world.trace.digest();
    verdict.simulated_seconds = static_cast<double>(world.loop.Now().ns) / 1e9;
    verdict.crashes = world.crashes();
    verdict.calls = simulation->totals().calls;
    verdict.replays = simulation->totals().replays;
    verdict.resends = simulation->totals().resends;
    verdict.trace = world.trace.lines();
    // A world that went wrong cannot be ended in order.
    if (results.size() > 0) left_as_it_is.push_back(std::move(simulation));
  }
  for (int i = 0; i < results.size(); ++i) verdict.failures.emplace_back(results.GetTestPartResult(i).message());
  return verdict;
}

}  // namespace nacre::sim
