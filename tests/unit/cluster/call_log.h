// CallLog: what one client (or the MDS, of its OSTs) asked of whom, how often; and which calls lose their request or their
// reply on the way. Checks that whatever is sent again is the same, byte for byte and run for run (promise P2). One thread.
#pragma once

#include <gtest/gtest.h>

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/fs/cipher_run.h"
#include "header.pb.h"

namespace nacre {

class CallLog {
 public:
  enum class Loss { kNone, kRequest, kReply };

  // The next call of this name (after `skip` others) is lost in this way, once.
  void LoseNext(std::string name, Loss loss, int skip = 0) { faults_.push_back({std::move(name), loss, skip}); }
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

  template <typename Request>
  Loss Note(const std::string& name, Request request, const CipherRunPtr& run) {
    ++counts_[name];
    const uint64_t xid = XidOf(request);
    Loss loss = Loss::kNone;
    for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
      if (fault->name != name || fault->skip-- > 0) continue;
      loss = fault->loss;
      faults_.erase(fault);
      break;
    }
    MakeComparable(request);
    const Sent sent{request.SerializeAsString(), run};
    if (const auto before = lost_.find({name, xid}); before != lost_.end()) {
      ++resends_;
      EXPECT_TRUE(resent_) << name << " sent again without saying so";
      EXPECT_EQ(before->second.bytes, sent.bytes) << name << " sent again with other bytes";
      EXPECT_EQ(before->second.run, sent.run) << name << " sent again with another run";
    }
    if (loss != Loss::kNone) lost_[{name, xid}] = sent;
    return loss;
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
  template <typename Request>
  static uint64_t XidOf(const Request& request) {
    return request.header().xid();
  }
  // The header's own fields that may differ from try to try.
  template <typename Request>
  void MakeComparable(Request& request) {
    v1::RequestHeader* header = request.mutable_header();
    resent_ = header->resent();
    header->clear_resent();
    header->clear_deadline_ms();
  }

  std::map<std::string, uint64_t> counts_;
  std::vector<Fault> faults_;
  std::map<std::pair<std::string, uint64_t>, Sent> lost_;
  uint64_t resends_ = 0;
  bool resent_ = false;
};

}  // namespace nacre
