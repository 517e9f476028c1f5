// Cluster: a metadata server and some object storage servers, the real cores, on one SimLoop. Any of them can lose power
// and start again. Clients (test_client.h) go before it.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/cluster/hosts.h"

namespace nacre {

class Cluster {
 public:
  explicit Cluster(uint64_t seed, uint32_t osts = 3)
      : loop(seed), random(seed + 1),
        mds_(loop, random,
             [this](uint32_t ost, std::shared_ptr<const CallerLife> life) { return LinkForMds(ost, std::move(life)); }) {
    mds_.Start();
    for (uint32_t index = 0; index < osts; ++index) {
      osts_.push_back(std::make_unique<OstHost>(loop, random, index));
      reached_as_.push_back(index);
      StartOst(index);
    }
  }

  void CrashMds() {
    mds_.Crash();
    AnnounceAll();
  }
  void CrashOst(uint32_t index) {
    osts_[index]->Crash();
    Announce(index);
  }
  void StopOst(uint32_t index) { osts_[index]->Stop(); }
  void StartOst(uint32_t index) {
    osts_[index]->Start();
    Announce(index);
  }

  // As every OST does now and then.
  void AnnounceAll() {
    for (uint32_t index = 0; index < ost_count(); ++index) Announce(index);
  }

  // It is known under another address from now on. Where it was, it is found too.
  void MoveOst(uint32_t index) {
    v1::AnnounceTargetRequest announcement = osts_[index]->Announcement();
    announcement.mutable_target()->set_address("moved:" + std::to_string(index));
    const auto reply = loop.Run(mds_.place()->server->AnnounceTarget(announcement));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  }

  void StopMds() { mds_.Stop(); }
  void StartMds() {
    mds_.Start();
    AnnounceAll();
  }
  // What the servers keep; to be changed while they are stopped.
  KvStore& MdsKv() { return mds_.kv(); }
  OstHost& ost(uint32_t index) { return *osts_[index]; }

  // The MDS's orders for each of the two reach the other, as after a change of addresses that it has not heard of.
  void SwapForMds(uint32_t first, uint32_t second) { std::swap(reached_as_[first], reached_as_[second]); }

  uint32_t ost_count() const { return static_cast<uint32_t>(osts_.size()); }
  const std::shared_ptr<Place<MdsApi>>& mds_place() const { return mds_.place(); }
  const std::shared_ptr<Place<OssApi>>& ost_place(const std::string& address) const {
    return osts_.at(std::strtoul(address.c_str() + address.rfind(':') + 1, nullptr, 10))->place();
  }

  // Does anything that a server stores hold these bytes?
  bool Stores(const std::string& bytes) {
    if (mds_.Stores(bytes)) return true;
    for (const auto& ost : osts_) {
      if (ost->Stores(bytes)) return true;
    }
    return false;
  }
  uint64_t StoredPages() const {
    uint64_t pages = 0;
    for (const auto& ost : osts_) pages += ost->StoredPages();
    return pages;
  }

  SimLoop loop;
  SeededRandom random;
  CallLog orders;  // what the MDS asks of the OSTs

 private:
  void Announce(uint32_t index) {
    const auto reply = loop.Run(mds_.place()->server->AnnounceTarget(osts_[index]->Announcement()));
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    loop.Run(osts_[index]->Hear(*reply));
  }
  std::shared_ptr<OssApi> LinkForMds(uint32_t index, std::shared_ptr<const CallerLife> life) {
    if (index >= osts_.size()) return nullptr;
    return MakeLink(&loop, osts_[reached_as_[index]]->place(), &orders, std::move(life));
  }

  std::vector<std::unique_ptr<OstHost>> osts_;
  std::vector<uint32_t> reached_as_;
  MdsHost mds_;  // goes first: its calls end in the OSTs
};

}  // namespace nacre
