#include "client/core/operation_counts.h"

#include <algorithm>

namespace nacre {

void OperationCounts::Record(std::string_view operation, Duration took, bool ok) {
  const auto micros = static_cast<uint64_t>(std::max<int64_t>(0, took.count() / 1000));
  std::lock_guard lock(mutex_);
  auto row = rows_.find(operation);
  if (row == rows_.end()) {
    row = rows_.try_emplace(std::string(operation)).first;
    row->second.operation = operation;
  }
  ++row->second.calls;
  if (!ok) ++row->second.errors;
  row->second.total_us += micros;
  row->second.max_us = std::max(row->second.max_us, micros);
}

std::vector<OperationStats> OperationCounts::Snapshot() const {
  std::lock_guard lock(mutex_);
  std::vector<OperationStats> out;
  out.reserve(rows_.size());
  for (const auto& [name, row] : rows_) out.push_back(row);
  return out;
}

}  // namespace nacre
