#include "tests/sim/chaos.h"

#include <array>
#include <cmath>
#include <utility>

#include "common/kv/memory_kv.h"
#include "oss/store/memory_device.h"

namespace nacre::sim {

void Chaos::Begin() {
  world_.SetFaulty(true);
  const Plan& plan = world_.plan;
  Start(plan.mds_crashes, &Chaos::CrashMds);
  Start(plan.ost_crashes, &Chaos::CrashOst);
  Start(plan.client_deaths, &Chaos::KillClient);
  Start(plan.partitions, &Chaos::Partition);
  Start(plan.failed_syncs, &Chaos::FailSync);
  Start(plan.flips, &Chaos::FlipBit);
  Start(plan.full_disks, &Chaos::FillDisk);
  Start(plan.failed_reads, &Chaos::FailRead);
  Start(plan.blackouts, &Chaos::Blackout);
  Start(plan.order_partitions, &Chaos::CutOffOrders);
}

void Chaos::Start(Duration mean, void (Chaos::*fault)()) {
  if (mean.count() == 0) return;
  ++running_;
  Detach(Repeat(mean, fault));
}

Task<void> Chaos::Repeat(Duration mean, void (Chaos::*fault)()) {
  while (world_.Faulty()) {
    // In small steps, so that it hears soon that the world heals.
    for (Duration left = Exponential(mean); left.count() > 0 && world_.Faulty(); left -= std::chrono::milliseconds(100)) {
      co_await Sleep(world_.loop, world_.loop, std::min<Duration>(left, std::chrono::milliseconds(100)));
    }
    if (world_.Faulty()) (this->*fault)();
  }
  --running_;
}

Task<void> Chaos::End() {
  co_await world_.Heal();
  while (running_ > 0) co_await Sleep(world_.loop, world_.loop, std::chrono::milliseconds(100));
  co_await world_.Heal();
  // What was to fail and has not come yet: else a server would be lost while all is verified, when nobody expects it.
  world_.mds->FailNoRead();
  world_.mds->kv().FailNoSync();
  for (const auto& ost : world_.osts) {
    ost->FailNoRead();
    ost->kv().FailNoSync();
    ost->device().FailNoSync();
  }
}

Duration Chaos::Exponential(Duration mean) {
  const double uniform = (static_cast<double>(world_.dice.Below(1'000'000)) + 1) / 1'000'001;
  return Duration(static_cast<int64_t>(-std::log(uniform) * static_cast<double>(mean.count())));
}

Duration Chaos::UpTo(Duration most) {
  return Duration(static_cast<int64_t>(world_.dice.Below(static_cast<uint64_t>(most.count()) + 1)));
}

void Chaos::CrashMds() { world_.CrashMds(UpTo(world_.plan.down_max)); }

void Chaos::CrashOst() {
  world_.CrashOst(static_cast<uint32_t>(world_.dice.Below(world_.osts.size())), UpTo(world_.plan.down_max));
}

void Chaos::KillClient() {
  if (clients_.empty()) return;
  clients_[world_.dice.Below(clients_.size())]->Die();
}

void Chaos::Partition() {
  if (clients_.empty()) return;
  const SimClientPtr client = clients_[world_.dice.Below(clients_.size())];
  if (client->dead() || client->log.IsCut()) return;
  const Duration length = UpTo(world_.plan.partition_max);
  // From everybody, from the MDS alone (it may be evicted while it writes on), from the OSTs alone.
  const std::string from = std::array<const char*, 3>{"", "mds.", "oss."}[world_.dice.Below(3)];
  world_.Note(client->name() + " is cut off from " + (from.empty() ? "all" : from) + " for " +
              std::to_string(length / std::chrono::milliseconds(1)) + " ms");
  client->log.Cut(from);
  ++running_;
  Detach(MendLater(client, length));
}

Task<void> Chaos::MendLater(SimClientPtr client, Duration after) {
  for (Duration left = after; left.count() > 0 && world_.Faulty(); left -= std::chrono::milliseconds(100)) {
    co_await Sleep(world_.loop, world_.loop, std::min<Duration>(left, std::chrono::milliseconds(100)));
  }
  if (!client->dead()) {
    client->log.Mend();
    world_.Note(client->name() + " is reached again");
  }
  --running_;
}

void Chaos::CutOffOrders() {
  if (std::exchange(orders_cut_, true)) return;
  world_.CutOffOrders(true);
  ++running_;
  Detach(MendOrdersLater(UpTo(world_.plan.partition_max.count() > 0 ? world_.plan.partition_max : std::chrono::seconds(5))));
}

Task<void> Chaos::MendOrdersLater(Duration after) {
  for (Duration left = after; left.count() > 0 && world_.Faulty(); left -= std::chrono::milliseconds(100)) {
    co_await Sleep(world_.loop, world_.loop, std::min<Duration>(left, std::chrono::milliseconds(100)));
  }
  world_.CutOffOrders(false);
  orders_cut_ = false;
  --running_;
}

// What was made stable is all there is (promise P5).
void Chaos::Blackout() {
  if (clients_.empty()) return;
  world_.Note("everything loses power");
  for (const SimClientPtr& client : clients_) client->Die();
  world_.CrashMds(UpTo(world_.plan.down_max));
  for (uint32_t index = 0; index < world_.osts.size(); ++index) world_.CrashOst(index, UpTo(world_.plan.down_max));
}

void Chaos::FailSync() {
  const uint64_t which = world_.dice.Below(world_.osts.size() * 2 + 1);
  const Status error(Code::kIo, "the disk failed");
  if (which == 0) {
    if (!world_.mds->IsUp()) return;
    world_.Note("the next sync of the MDS fails");
    world_.mds->kv().FailNextSync(error);
    return;
  }
  OstHost& ost = *world_.osts[(which - 1) / 2];
  if (!ost.IsUp()) return;
  world_.Note("the next sync of OST " + std::to_string((which - 1) / 2) + " fails");
  if (which % 2 == 0) {
    ost.kv().FailNextSync(error);
  } else {
    ost.device().FailNextSync(error);
  }
}

void Chaos::FailRead() {
  ++running_;
  Detach(FailReadOf(static_cast<uint32_t>(world_.dice.Below(world_.osts.size() * 2 + 1))));
}

// Not of one that takes replays: what it cannot read then is lost, and told, but only later.
Task<void> Chaos::FailReadOf(uint32_t which) {
  const Status error(Code::kIo, "the disk failed");
  if (which == 0) {
    if (co_await world_.MdsServes()) {
      ++world_.failed_reads;
      world_.Note("the next read of the MDS fails");
      world_.mds->FailNextRead(error);
    }
  } else if (const uint32_t index = (which - 1) / 2; co_await world_.OstServes(index)) {
    ++world_.failed_reads;
    world_.Note("the next read of OST " + std::to_string(index) + " fails");
    world_.osts[index]->FailNextRead(error, which % 2 == 0);
  }
  --running_;
}

void Chaos::FlipBit() {
  OstHost& ost = *world_.osts[world_.dice.Below(world_.osts.size())];
  if (!ost.device().FlipAnyBit(world_.dice)) return;
  ++world_.flips;
  world_.Note("a bit flips");
}

void Chaos::FillDisk() {
  const auto index = static_cast<uint32_t>(world_.dice.Below(world_.osts.size() + 1));
  if (index == world_.osts.size()) return FillMds();
  world_.Note("the disk of OST " + std::to_string(index) + " is full");
  ++world_.full_disks;
  MemoryDevice& device = world_.osts[index]->device();
  device.LimitBytes(device.StoredPages() * kPageBytes);
  ++running_;
  Detach(EmptyLater(index, UpTo(std::chrono::seconds(3))));
}

void Chaos::FillMds() {
  world_.Note("the disk of the MDS is full");
  ++world_.full_mds;
  world_.mds->SetFull(true);
  ++running_;
  Detach(EmptyMdsLater(UpTo(std::chrono::seconds(3))));
}

Task<void> Chaos::EmptyMdsLater(Duration after) {
  co_await Sleep(world_.loop, world_.loop, after);
  world_.mds->SetFull(false);
  world_.Note("the disk of the MDS has room again");
  co_await Sleep(world_.loop, world_.loop, std::chrono::seconds(2));  // it has noticed
  --running_;
}

Task<void> Chaos::EmptyLater(uint32_t ost, Duration after) {
  co_await Sleep(world_.loop, world_.loop, after);
  world_.osts[ost]->device().LimitBytes(uint64_t{1} << 50);
  world_.Note("the disk of OST " + std::to_string(ost) + " has room again");
  --running_;
}

}  // namespace nacre::sim
