// World: a whole cluster in one thread: the real cores of MDS, OSTs and clients over simulated network, disks, clock and
// chance. Everything that happens in it follows from the plan's seed.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/core/client_core.h"
#include "client/core/memory_keyring.h"
#include "tests/sim/plan.h"
#include "tests/sim/trace.h"
#include "tests/unit/cluster/hosts.h"

namespace nacre::sim {

class World;

// What one call uses, for as long as it goes on.
template <typename A, typename B>
std::shared_ptr<const void> Both(std::shared_ptr<A> one, std::shared_ptr<B> other) {
  return std::make_shared<std::pair<std::shared_ptr<A>, std::shared_ptr<B>>>(std::move(one), std::move(other));
}

// One life of a client. Dies when its link is cut for good; its coroutines go on unheard until they have given up.
class SimClient {
 public:
  SimClient(World& world, uint32_t number, Duration wait_timeout);

  uint32_t number() const { return number_; }
  const std::string& name() const { return name_; }
  bool dead() const { return dead_; }
  void Die();

  // What the task answers; kUnavailable at once when the client dies. kept: what the task uses until it really ends.
  template <typename T>
  Task<Result<T>> Do(Task<Result<T>> task, std::shared_ptr<const void> kept = nullptr);
  Task<Status> Do(Task<Status> task, std::shared_ptr<const void> kept = nullptr);
  bool Quiet() const { return under_way_ == 0; }

  // Something failed that this client had been answered: what it did and did not commit may be lost.
  bool doubtful = false;

 private:
  World& world_;
  const uint32_t number_;
  const std::string name_;
  SeededRandom random_;
  MemoryKeyring keyring_;
  CallTrace calls_;
  bool dead_ = false;
  int under_way_ = 0;
  uint64_t next_wait_ = 0;
  std::map<uint64_t, std::function<void()>> when_dead_;

  Environment MakeEnvironment(Duration wait_timeout);
  template <typename T>
  struct Waited {
    OneShot<T> shot;
    bool given = false;
    void Give(T value) {
      if (!std::exchange(given, true)) shot.Set(std::move(value));
    }
  };
  template <typename T>
  static Task<void> RunToEnd(SimClient* client, Task<T> task, std::shared_ptr<const void> kept,
                             std::shared_ptr<Waited<T>> waited);
  template <typename T>
  Task<T> DoAny(Task<T> task, std::shared_ptr<const void> kept);

 public:
  CallLog log;
  ClientCore core;
};
using SimClientPtr = std::shared_ptr<SimClient>;

class World {
 public:
  World(const Plan& plan, bool keep_trace);
  ~World();
  World(const World&) = delete;

  // A new client, with the key of /d. One that judges waits for whatever there is to wait for.
  enum class Patience { kAsPlanned, kEndless };
  Task<Result<SimClientPtr>> NewClient(Patience patience);
  // Makes /d, encrypted.
  Task<Status> Format();
  // Did the client fail, or die? What may not fail in this plan is a failure of the seed; what may leaves the client doubtful.
  bool Failed(SimClient& client, const Status& status, const std::string& what);
  // Where trees lie, and the word that all names in them begin with.
  bool IsEncrypted(uint32_t tree) const { return !plan.plain_trees || tree % 2 == 1; }
  static std::string Top(bool encrypted) { return encrypted ? "/d" : "/plain"; }
  static std::string WordOf(bool encrypted) { return encrypted ? kCanary : "open-"; }
  // May a living client's request fail in this way, after what has happened so far?
  bool MayFail(const Status& status) const;
  // The answer must be this one. False: the client is dead, or doubtful now because this may fail, or the seed has failed.
  bool Expect(SimClient& client, const std::string& who, const std::string& what, const Status& status, Code wanted);
  // An empty file, stable.
  Task<bool> MakeFile(SimClientPtr client, std::string path, uint32_t stripes);
  // It goes, in the background; what is left of it is waited for by the world's end.
  void Bury(SimClientPtr client);

  // Faults. Each also says so in the trace. A server that is down comes back after `down`.
  void CrashMds(Duration down);
  void CrashOst(uint32_t index, Duration down);
  // Between the MDS and all OSTs, in both directions; or mended again.
  void CutOffOrders(bool cut);
  // Nothing of whom an OST has called fenced is in its store.
  void CheckFences(uint32_t index);
  // Is it up, and through with replays?
  Task<bool> MdsServes();
  Task<bool> OstServes(uint32_t index);
  // Everything mends: servers that are down start, and no new fault begins.
  Task<void> Heal();
  Task<void> RestartAll();
  // All that is on its way in the network has arrived.
  Task<void> Drain();

  uint64_t mds_crashes() const { return mds_crashes_ + mds->suicides(); }
  uint64_t crashes() const;  // of any server so far: what it had not committed may be lost
  bool Faulty() const { return faulty_; }
  void SetFaulty(bool faulty) { faulty_ = faulty; }
  void Note(const std::string& what) { trace.Note("world", what); }

  const Plan plan;
  SimLoop loop;
  SeededRandom random;    // of servers and network
  SeededRandom dice;      // of workers and chaos
  Trace trace;
  std::shared_ptr<const MasterKey> key;
  std::vector<std::unique_ptr<OstHost>> osts;
  std::unique_ptr<MdsHost> mds;
  uint64_t flips = 0, full_disks = 0, full_mds = 0, failed_reads = 0;  // so far

  CallLog::Journey Travel();
  Environment BaseEnvironment(CallLog& log);

 private:
  Task<void> RestartMds(Duration down);
  Task<void> RestartOst(uint32_t index, Duration down);
  Task<void> Announce(uint32_t index);
  Task<void> Supervise();
  bool AllUp() const;
  Task<void> BuryNow(SimClientPtr client);

  CallTrace orders_trace_, announce_trace_;
  CallLog orders_, announcements_;
  bool faulty_ = false;
  bool ending_ = false;
  uint64_t crashes_ = 0, mds_crashes_ = 0;
  uint32_t clients_ = 0;
  int graves_ = 0, background_ = 0;
  bool mds_starts_ = false;  // it is to, after a while, or does
  std::set<uint32_t> osts_start_;
};

// ---- templates

template <typename T>
Task<void> SimClient::RunToEnd(SimClient* client, Task<T> task, std::shared_ptr<const void> kept,
                               std::shared_ptr<Waited<T>> waited) {
  T answer = co_await std::move(task);
  kept = nullptr;
  --client->under_way_;
  waited->Give(std::move(answer));
}

template <typename T>
Task<T> SimClient::DoAny(Task<T> task, std::shared_ptr<const void> kept) {
  const auto gone = [] { return T(Status(Code::kUnavailable, "the client died")); };
  if (dead_) co_return gone();
  const auto waited = std::make_shared<Waited<T>>();
  const uint64_t number = ++next_wait_;
  when_dead_[number] = [waited, gone] { waited->Give(gone()); };
  ++under_way_;
  Detach(RunToEnd<T>(this, std::move(task), std::move(kept), waited));
  T answer = co_await waited->shot;
  when_dead_.erase(number);
  co_return answer;
}

template <typename T>
Task<Result<T>> SimClient::Do(Task<Result<T>> task, std::shared_ptr<const void> kept) {
  return DoAny<Result<T>>(std::move(task), std::move(kept));
}
inline Task<Status> SimClient::Do(Task<Status> task, std::shared_ptr<const void> kept) {
  return DoAny<Status>(std::move(task), std::move(kept));
}

}  // namespace nacre::sim
