// Hosts: one server each, over memory, that can lose power and start again. A translation unit each, because the cores of
// two servers are never meant to be seen by one. The loop outlives them. One thread.
//
// A server that lost power goes on for a while, unheard, over stores that nobody looks at any more: its coroutines must
// end somewhere. One that ended itself (a failed sync) never ends what waits for it: it is left as it is, for good.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/kv/memory_kv.h"
#include "common/layout/layout.h"
#include "tests/unit/cluster/links.h"

namespace nacre {

inline constexpr char kTestFsid[] = "0123456789abcdef";

class MemoryDevice;

struct OstHostOptions {
  uint64_t capacity_bytes = kGiB;
  uint64_t tombstone_seconds = 3600;
  Duration session_silence_max = std::chrono::minutes(10);
  // How it reaches MDT0000. Empty: it serves without having heard of it; the test tells it what it says (Hear).
  std::function<Task<Result<v1::AnnounceTargetReply>>(v1::AnnounceTargetRequest)> announce;
};

class OstHost {
 public:
  OstHost(SimLoop& loop, Random& random, uint32_t index, OstHostOptions options = {});
  ~OstHost();
  OstHost(const OstHost&) = delete;

  void Start();
  void Stop();   // in order; nobody listens then
  void Crash();  // power cut and start: what was not stable is lost, all of it or a random part
  // The same in two steps, for who is part of the world that goes on meanwhile.
  void PowerOff();
  Task<Status> PowerOn();
  bool IsUp() const;  // takes requests
  // Its power went off because it ended itself: how often.
  uint64_t suicides() const;

  const std::shared_ptr<Place<OssApi>>& place() const;
  v1::AnnounceTargetRequest Announcement() const;
  // Does what the answer to an announcement asks for.
  Task<void> Hear(v1::AnnounceTargetReply reply);
  // Reply records of sessions that it has called fenced: there must never be one.
  std::vector<uint64_t> RecordsOfFenced();
  // What it stores: of the life that is on, or would be found by the next. While it is stopped a test may change it.
  MemoryKv& kv();
  MemoryDevice& device();
  // The next read of this life fails, once: of a page, or of a row. Or no more.
  void FailNextRead(const Status& error, bool of_a_page);
  void FailNoRead();
  // Does anything it stores hold these bytes?
  bool Stores(const std::string& bytes);
  uint64_t StoredPages() const;
  std::vector<std::string> Objects();  // that have a file, and whether they have a row
  // While it is stopped: an object of that size without a page, as nobody ordered it; and one that is lost.
  void PlantObject(const ObjectId& id, uint64_t size);
  void LoseObject(const ObjectId& id);
  // In its store, which is behind what it has answered.
  bool HasObject(const ObjectId& id);
  bool HasTombstone(const ObjectId& id);

 private:
  struct Life;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class MdsHost {
 public:
  // How a life of the MDS reaches its OSTs.
  using FindOst = std::function<std::shared_ptr<OssApi>(uint32_t index, std::shared_ptr<const CallerLife> life)>;
  // targets_announce: they go on saying that they are there, as real ones do.
  MdsHost(SimLoop& loop, Random& random, FindOst find_ost, bool targets_announce = false);
  ~MdsHost();
  MdsHost(const MdsHost&) = delete;

  void Start();
  void Stop();
  void Crash();
  void PowerOff();
  Task<Status> PowerOn();
  bool IsUp() const;  // takes requests
  uint64_t suicides() const;

  const std::shared_ptr<Place<MdsApi>>& place() const;
  MemoryKv& kv();
  void FailNextRead(const Status& error);
  void FailNoRead();
  // Its disk, or there is room again: it notices within a second.
  void SetFull(bool full);
  bool Stores(const std::string& bytes);
  // Inodes in its store that lie in an encrypted directory and have no context of their own: there must never be one.
  std::vector<std::string> WithoutContext();

 private:
  struct Life;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nacre
