// Plan: what one seed's world is like: how big, and what goes wrong in it. Each seed leaves most faults out, so that every
// mixture has its turn: rare faults are not drowned by frequent ones. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"

namespace nacre::sim {

struct Plan {
  uint64_t seed = 0;
  uint32_t osts = 1, clients = 1, workers = 1;  // workers: of each kind, per client
  uint32_t rounds = 2, steps = 10;              // steps: of a worker in a round
  bool shared_files = false, shared_names = false, directories = false;
  bool plain_trees = false;  // every second tree lies in a directory that is not encrypted
  bool encrypted = true;  // false only where the checks for clear text are to be seen failing

  // Network. Chances in 1/1000 of a call.
  Duration delay_max{0};
  uint32_t lost = 0, copied = 0;
  Duration copy_after_max{0};

  // Mean time between two faults of a kind; 0: none.
  Duration mds_crashes{0}, ost_crashes{0}, client_deaths{0}, partitions{0}, failed_syncs{0}, flips{0}, full_disks{0};
  Duration failed_reads{0};
  Duration blackouts{0};  // every process at once, clients too
  Duration order_partitions{0};  // the MDS and the OSTs do not reach each other
  Duration down_max{0}, partition_max{0};
  Duration wait_timeout = std::chrono::minutes(20);

  // May a living client's request fail? Only where the plan has a fault that no waiting mends.
  bool MayFail() const { return outlasting_partitions || flips.count() > 0 || full_disks.count() > 0 || failed_reads.count() > 0; }
  // May what a client wrote be there without its file? Of one that goes, or is taken for gone.
  bool MayHaveOrphans() const { return client_deaths.count() > 0 || blackouts.count() > 0 || outlasting_partitions; }
  bool outlasting_partitions = false;  // longer than servers wait for a client, or a client for a server

  static Plan Of(uint64_t seed);
  std::string Text() const;
};

}  // namespace nacre::sim
