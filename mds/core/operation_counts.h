// ServedOperations: how often each operation was asked for and how long it took, for Ping. One strand.
#pragma once

#include <map>
#include <string>

#include "common/base/clock.h"
#include "types.pb.h"

namespace nacre {

class ServedOperations {
 public:
  void Count(const char* operation, bool ok, Duration took);
  template <typename Reply>
  void FillIn(Reply& reply) const {
    for (const auto& [name, count] : counts_) *reply.add_operations() = count;
  }

 private:
  std::map<std::string, v1::OperationCount, std::less<>> counts_;
};

inline void ServedOperations::Count(const char* operation, bool ok, Duration took) {
  auto it = counts_.find(std::string_view(operation));
  if (it == counts_.end()) {
    it = counts_.try_emplace(operation).first;
    it->second.set_operation(operation);
  }
  v1::OperationCount& count = it->second;
  const auto us = static_cast<uint64_t>(took.count() / 1000);
  count.set_calls(count.calls() + 1);
  if (!ok) count.set_errors(count.errors() + 1);
  count.set_total_us(count.total_us() + us);
  if (us > count.max_us()) count.set_max_us(us);
}

}  // namespace nacre
