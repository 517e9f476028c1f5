// OperationCounts: how often this client asked what of whom, and how long it took ("mds.Open", "oss.Write"). The adapters
// of common/rpc report each request that reached the wire; resends count again. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "client/nacre.h"
#include "common/base/clock.h"

namespace nacre {

class OperationCounts {
 public:
  void Record(std::string_view operation, Duration took, bool ok);
  std::vector<OperationStats> Snapshot() const;  // by name

 private:
  mutable std::mutex mutex_;  // guards rows_
  std::map<std::string, OperationStats, std::less<>> rows_;
};

}  // namespace nacre
