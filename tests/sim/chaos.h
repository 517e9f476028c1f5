// Chaos: what goes wrong in a world while its workers work. One coroutine for each kind of fault; each ends soon after the
// world has been told to heal.
#pragma once

#include <functional>
#include <vector>

#include "tests/sim/world.h"

namespace nacre::sim {

class Chaos {
 public:
  // clients: those that live; Chaos kills some of them and says so by their dead().
  Chaos(World& world, std::vector<SimClientPtr>& clients) : world_(world), clients_(clients) {}

  void Begin();
  // All faults are over: partitions mended, disks empty again.
  Task<void> End();

 private:
  void Start(Duration mean, void (Chaos::*fault)());
  Task<void> Repeat(Duration mean, void (Chaos::*fault)());
  Duration Exponential(Duration mean);
  Duration UpTo(Duration most);

  void CrashMds();
  void CrashOst();
  void KillClient();
  void Partition();
  void CutOffOrders();
  void Blackout();
  void FailSync();
  void FlipBit();
  void FillDisk();
  void FillMds();
  void FailRead();
  Task<void> MendLater(SimClientPtr client, Duration after);
  Task<void> MendOrdersLater(Duration after);
  Task<void> FailReadOf(uint32_t which);
  Task<void> EmptyMdsLater(Duration after);
  Task<void> EmptyLater(uint32_t ost, Duration after);

  World& world_;
  std::vector<SimClientPtr>& clients_;
  int running_ = 0;
  bool orders_cut_ = false;
};

}  // namespace nacre::sim
