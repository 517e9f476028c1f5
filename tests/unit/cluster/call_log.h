// CallLog: what one client (or the MDS, of its OSTs) asked of whom, how often; and what happens to calls on the way: which
// lose their request or their reply, how long they travel, which arrive twice. Checks that whatever is sent again is the
// same, byte for byte and run for run (promise P2). One thread.
#pragma once

#include <gtest/gtest.h>

#include <google/protobuf/message.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/fs/cipher_run.h"
#include "mds.pb.h"

namespace nacre {

// The process that calls, where it can die: then nothing of it is heard any more.
struct CallerLife {
  uint64_t number = 0;  // its requests' numbers begin anew with each life
  bool over = false;
};

// Hears of every call that a CallLog sees.
class CallWatcher {
 public:
  virtual ~CallWatcher() = default;
  // run: the pages that travel with it, or null.
  virtual void Sent(const std::string& name, const v1::RequestHeader& header, const google::protobuf::Message& request,
                    const CipherRun* run) = 0;
  virtual void Answered(const std::string& name, const v1::RequestHeader& header, const Status& status) = 0;
};

class CallLog {
 public:
  enum class Loss { kNone, kRequest, kReply };
  // What the network does to one call. Who lost one hears of it after both ways' time.
  struct Journey {
    Loss loss = Loss::kNone;
    Duration there{0}, back{0};
    std::optional<Duration> copy;  // the request arrives once more, so long after it was sent
  };

  // The next call of this name (after `skip` others) is lost in this way, once.
  void LoseNext(std::string name, Loss loss, int skip = 0) { faults_.push_back({std::move(name), loss, skip}); }
  void LoseAtMost(size_t faults) { faults_.resize(std::min(faults_.size(), faults)); }
  // Before the call of this name after `skip` others goes out, once: what happens just then.
  void AtCall(std::string name, int skip, std::function<void()> happens) {
    events_.push_back({std::move(name), skip, std::move(happens)});
  }
  // Called whenever LoseNext has lost something: what happens to the server then.
  std::function<void(const std::string& name)> at_loss;
  // Nothing gets through any more, in any direction, of calls whose name begins so ("mds.": the MDS is not reached); and
  // again it does.
  void Cut(std::string calls = "") { cut_ = std::move(calls); }
  void Mend() { cut_ = std::nullopt; }
  bool IsCut() const { return cut_.has_value(); }
  bool IsCut(const std::string& name) const { return cut_ && name.starts_with(*cut_); }
  // How a call travels that no LoseNext is meant for. Empty: at once, and safely.
  std::function<Journey(const std::string& name)> weather;
  CallWatcher* watcher = nullptr;
  // Called for each reply on its way to the caller, who must not believe all a server says.
  std::function<void(const std::string& name, google::protobuf::Message& reply)> tamper;
  bool AllLost() const { return faults_.empty(); }

  uint64_t Count(const std::string& name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }
  uint64_t Total() const {
    uint64_t total = 0;
    for (const auto& [name, count] : counts_) total += count;
    return total;
  }
  const std::map<std::string, uint64_t>& counts() const { return counts_; }
  void Reset() { counts_.clear(); }
  uint64_t resends() const { return resends_; }
  uint64_t replays() const { return replays_; }

  // A change that travels with others: the same as when it was lost before.
  template <typename Request>
  void NoteReplayed(const std::string& name, Request request) {
    const uint64_t xid = XidOf(request);
    MakeComparable(request);
    EXPECT_TRUE(replay_) << name << " among replays without saying so";
    ++replays_;
    const auto before = lost_.find(Key{name, 0, xid});
    if (before == lost_.end()) return;
    EXPECT_EQ(before->second.bytes, request.SerializeAsString()) << name << " replayed with other bytes";
  }

  template <typename Request>
  Journey Note(const std::string& name, Request request, const CipherRunPtr& run, const CallerLife* caller) {
    Journey journey;
    if (caller != nullptr && caller->over) {
      journey.loss = Loss::kRequest;
      return journey;
    }
    ++counts_[name];
    if (watcher != nullptr) watcher->Sent(name, request.header(), request, run.get());
    for (auto event = events_.begin(); event != events_.end(); ++event) {
      if (event->name != name || event->skip-- > 0) continue;
      const std::function<void()> happens = std::move(event->happens);
      events_.erase(event);
      happens();
      break;
    }
    const uint64_t xid = XidOf(request);
    if (weather) journey = weather(name);
    Loss& loss = journey.loss;
    if (IsCut(name)) {
      loss = Loss::kRequest;
      journey.copy = std::nullopt;
    }
    for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
      if (fault->name != name || fault->skip-- > 0) continue;
      loss = fault->loss;
      faults_.erase(fault);
      break;
    }
    MakeComparable(request);
    if (replay_) ++replays_;
    if (xid == 0) return journey;  // what is said again and again, each time anew
    const Sent sent{request.SerializeAsString(), run};
    const Key key{name, caller == nullptr ? 0 : caller->number, xid};
    if (const auto before = lost_.find(key); before != lost_.end()) {
      ++resends_;
      EXPECT_TRUE(resent_ || replay_) << name << " sent again without saying so";
      EXPECT_EQ(before->second.bytes, sent.bytes) << name << " sent again with other bytes";
      EXPECT_EQ(before->second.run, sent.run) << name << " sent again with another run";
    }
    if (loss != Loss::kNone) lost_[key] = sent;
    if (run != nullptr) CheckRun(name, xid, sent);
    return journey;
  }

 private:
  struct Fault {
    std::string name;
    Loss loss;
    int skip;
  };
  struct Sent {
    std::string bytes;
    CipherRunPtr run;
  };
  using Key = std::tuple<std::string, uint64_t, uint64_t>;  // name, life of the caller, xid
  struct Event {
    std::string name;
    int skip;
    std::function<void()> happens;
  };
  // Pages of one request are always the same memory, which nobody changes: resent, replayed, replayed again.
  void CheckRun(const std::string& name, uint64_t xid, const Sent& sent) {
    const auto [first, is_first] = runs_.try_emplace(xid, sent);
    EXPECT_FALSE(replay_ && is_first) << name << " replayed what was never sent";
    EXPECT_EQ(first->second.bytes, sent.bytes) << name << " sent again with other bytes";
    EXPECT_EQ(first->second.run, sent.run) << name << " sent again with another run";
  }
  template <typename Request>
  static uint64_t XidOf(const Request& request) {
    return request.header().xid();
  }
  // The header's own fields that may differ from try to try.
  template <typename Request>
  void MakeComparable(Request& request) {
    v1::RequestHeader* header = request.mutable_header();
    resent_ = header->resent();
    replay_ = header->replay();
    header->clear_resent();
    header->clear_replay();
    header->clear_transno();
    header->clear_replay_time_ns();
    header->clear_server_boot_count();
    if constexpr (std::is_same_v<Request, v1::OpenRequest>) request.clear_replay_layout();
    header->clear_deadline_ms();
  }

  std::map<std::string, uint64_t> counts_;
  std::vector<Fault> faults_;
  std::map<Key, Sent> lost_;
  std::vector<Event> events_;
  std::map<uint64_t, Sent> runs_;  // of each request with pages, as first sent
  uint64_t resends_ = 0;
  uint64_t replays_ = 0;
  bool resent_ = false;
  bool replay_ = false;
  std::optional<std::string> cut_;
};

}  // namespace nacre
