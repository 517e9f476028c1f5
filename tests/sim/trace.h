// Trace: what happened in a world, in order. Always a digest of it, which says whether two runs were the same; the lines
// themselves only when asked for: a failing seed runs once more for them. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tests/unit/cluster/call_log.h"

namespace nacre::sim {

class Trace {
 public:
  Trace(Clock& clock, bool keep_lines) : clock_(clock), keep_lines_(keep_lines) {}

  bool keeps_lines() const { return keep_lines_; }
  void Note(const std::string& who, const std::string& what);
  uint64_t digest() const { return digest_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  Clock& clock_;
  const bool keep_lines_;
  uint64_t digest_ = 14695981039346656037ULL;
  std::vector<std::string> lines_;
};

// The calls of one process in the trace; and no clear text in any of them (promise P1).
class CallTrace final : public CallWatcher {
 public:
  CallTrace(Trace& trace, std::string who) : trace_(trace), who_(std::move(who)) {}

  void Sent(const std::string& name, const v1::RequestHeader& header, const google::protobuf::Message& request,
            const CipherRun* run) override;
  void Answered(const std::string& name, const v1::RequestHeader& header, const Status& status) override;

 private:
  Trace& trace_;
  const std::string who_;
};

// In all content, names and targets that workers make.
inline const std::string kCanary = "CANARY-in-clear";

}  // namespace nacre::sim
