// OperationCounters: how often each call was made, how often it failed, how long it took. One strand.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/base/clock.h"

namespace nacre {

enum class OssOperation {
  kConnect, kEndReplay, kDisconnect, kWrite, kRead, kSetSize, kPunch, kGlimpse, kDestroy, kListObjects, kCommit, kPing
};
constexpr std::array<std::string_view, 12> kOssOperationNames = {
    "Connect", "EndReplay", "Disconnect", "Write",       "Read",   "SetSize",
    "Punch",   "Glimpse",   "Destroy",    "ListObjects", "Commit", "Ping"};

class OperationCounters {
 public:
  struct Count {
    uint64_t calls = 0;
    uint64_t errors = 0;
    uint64_t total_us = 0;
    uint64_t max_us = 0;
  };
  void Add(OssOperation operation, bool ok, Duration took) {
    Count& count = counts_[static_cast<size_t>(operation)];
    const uint64_t us = took.count() < 0 ? 0 : static_cast<uint64_t>(took.count()) / 1000;
    ++count.calls;
    count.errors += ok ? 0 : 1;
    count.total_us += us;
    if (us > count.max_us) count.max_us = us;
  }
  const std::array<Count, kOssOperationNames.size()>& counts() const { return counts_; }

 private:
  std::array<Count, kOssOperationNames.size()> counts_{};
};

}  // namespace nacre
