// ThreadPool: real threads behind the Executor and Timers seams, by asio. For what waits or takes long: disk, WAL syncs,
// cipher work, timers. Any thread. The destructor drops jobs not begun, ends running ones' threads and forgets timers.
#pragma once

#include <memory>

#include "common/base/executor.h"

namespace nacre {

class ThreadPool final : public Executor, public Timers {
 public:
  explicit ThreadPool(size_t threads);
  ~ThreadPool() override;

  void Post(Job job) override;
  void PostAfter(Duration delay, Executor& where, Job job) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nacre
