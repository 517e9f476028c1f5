#include "tests/sim/plan.h"

#include "common/base/random.h"

namespace nacre::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool Chance(Random& random, uint32_t percent) { return random.Below(100) < percent; }

std::string In(const char* what, Duration every) {
  if (every.count() == 0) return "";
  return std::string(" ") + what + " every " + std::to_string(every / milliseconds(1)) + " ms;";
}

}  // namespace

Plan Plan::Of(uint64_t seed) {
  SeededRandom random(seed * 7919 + 13);
  Plan plan;
  plan.seed = seed;
  plan.osts = 1 + static_cast<uint32_t>(random.Below(3));
  plan.clients = 1 + static_cast<uint32_t>(random.Below(3));
  plan.workers = 1 + static_cast<uint32_t>(random.Below(2));
  plan.rounds = 2 + static_cast<uint32_t>(random.Below(2));
  plan.steps = 6 + static_cast<uint32_t>(random.Below(20));
  plan.shared_files = Chance(random, 60);
  plan.shared_names = Chance(random, 60);

  plan.delay_max = Chance(random, 30) ? milliseconds(400) : Chance(random, 60) ? milliseconds(20) : milliseconds(1);
  if (Chance(random, 50)) plan.lost = 5 + static_cast<uint32_t>(random.Below(60));
  if (Chance(random, 40)) {
    plan.copied = 5 + static_cast<uint32_t>(random.Below(60));
    plan.copy_after_max = Chance(random, 50) ? seconds(8) : milliseconds(50);
  }
  if (Chance(random, 60)) plan.mds_crashes = milliseconds(300 + random.Below(6000));
  if (Chance(random, 60)) plan.ost_crashes = milliseconds(300 + random.Below(6000));
  if (Chance(random, 35)) plan.client_deaths = milliseconds(1000 + random.Below(8000));
  if (Chance(random, 20)) plan.failed_syncs = milliseconds(1000 + random.Below(6000));
  plan.down_max = Chance(random, 70) ? milliseconds(500) : seconds(8);
  if (Chance(random, 30)) {
    plan.partitions = milliseconds(1000 + random.Below(6000));
    plan.partition_max = seconds(5);
    if (Chance(random, 40)) {
      plan.outlasting_partitions = true;
      plan.partition_max = seconds(150);
      plan.wait_timeout = seconds(40);
    }
  }
  if (Chance(random, 12)) plan.flips = milliseconds(500 + random.Below(4000));
  if (Chance(random, 25)) plan.blackouts = milliseconds(200 + random.Below(3000));
  if (Chance(random, 12)) plan.full_disks = milliseconds(1000 + random.Below(4000));
  if (Chance(random, 25)) plan.order_partitions = milliseconds(1000 + random.Below(6000));
  plan.directories = Chance(random, 50);
  plan.plain_trees = Chance(random, 25);
  if (Chance(random, 12)) plan.failed_reads = milliseconds(300 + random.Below(3000));
  return plan;
}

std::string Plan::Text() const {
  return std::to_string(osts) + " OSTs, " + std::to_string(clients) + " clients of " + std::to_string(workers) +
         " workers, " + std::to_string(rounds) + " rounds of " + std::to_string(steps) + " steps" +
         (shared_files ? ", shared files" : "") + (shared_names ? ", shared names" : "") +
         (directories ? ", directories" : "") + (plain_trees ? ", plain trees" : "") + "; delay up to " +
         std::to_string(delay_max / milliseconds(1)) + " ms; lost " + std::to_string(lost) + ", copied " +
         std::to_string(copied) + " of 1000;" + In("MDS crash", mds_crashes) + In("OST crash", ost_crashes) +
         In("client death", client_deaths) + In("partition", partitions) +
         (outlasting_partitions ? " longer than anybody waits;" : "") + In("failed sync", failed_syncs) +
         In("flipped bit", flips) + In("full disk", full_disks) + In("failed read", failed_reads) + In("blackout", blackouts) +
         In("MDS cut off from OSTs", order_partitions);
}

}  // namespace nacre::sim
