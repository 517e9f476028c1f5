// Hosts: one server each, over memory, that can lose power and start again. A translation unit each, because the cores of
// two servers are never meant to be seen by one. The loop outlives them. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/kv/kv_store.h"
#include "common/layout/layout.h"
#include "tests/unit/cluster/links.h"

namespace nacre {

inline constexpr char kTestFsid[] = "0123456789abcdef";

class OstHost {
 public:
  OstHost(SimLoop& loop, Random& random, uint32_t index);
  ~OstHost();
  OstHost(const OstHost&) = delete;

  void Start();
  void Stop();   // in order; nobody listens then
  void Crash();  // power cut and start: what was not stable is lost, all of it or a random part
  const std::shared_ptr<Place<OssApi>>& place() const;
  v1::AnnounceTargetRequest Announcement() const;
  // Does anything it stores hold these bytes?
  bool Stores(const std::string& bytes);
  uint64_t StoredPages() const;
  // While it is stopped: an object of that size without a page, as nobody ordered it; and one that is lost.
  void PlantObject(const ObjectId& id, uint64_t size);
  void LoseObject(const ObjectId& id);
  // In its store, which is behind what it has answered.
  bool HasObject(const ObjectId& id);
  bool HasTombstone(const ObjectId& id);
  KvStore& kv();  // of this life; while the server is stopped, a test may change it

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class MdsHost {
 public:
  // find_ost: how the MDS reaches its OSTs.
  MdsHost(SimLoop& loop, Random& random, std::function<std::shared_ptr<OssApi>(uint32_t)> find_ost);
  ~MdsHost();
  MdsHost(const MdsHost&) = delete;

  void Start();
  void Stop();
  void Crash();
  const std::shared_ptr<Place<MdsApi>>& place() const;
  bool Stores(const std::string& bytes);
  KvStore& kv();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nacre
