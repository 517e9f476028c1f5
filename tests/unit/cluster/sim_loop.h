// SimLoop: one thread that is the pool, the timers and the clock of a whole cluster. Jobs run in an order drawn from a
// seed, as the threads of a pool might; time passes only when nothing is left to do. What happened happens again under
// the same seed.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/executor.h"
#include "common/base/random.h"
#include "common/base/task.h"

namespace nacre {

class SimLoop final : public Executor, public Timers, public Clock {
 public:
  explicit SimLoop(uint64_t seed) : random_(seed) {}

  void Post(Job job) override { jobs_.push_back(std::move(job)); }
  void PostAfter(Duration delay, Executor& where, Job job) override {
    timers_.emplace((now_ + delay).ns, std::make_pair(&where, std::move(job)));
  }
  MonotonicTime Now() override { return now_; }
  int64_t WallNs() override { return 1'700'000'000'000'000'000 + now_.ns; }

  // Runs the world until the task has answered. A world that is still at it after an hour of its time hangs.
  template <typename T>
  T Run(Task<T> task) {
    std::optional<T> answer;
    Detach(Answer(std::move(task), &answer));
    const MonotonicTime limit = now_ + std::chrono::hours(1);
    while (!answer) {
      if (now_ < limit && RunOne()) continue;
      ADD_FAILURE() << "nothing happens any more, and no answer";
      std::abort();
    }
    return std::move(*answer);
  }
  void Run(Task<void> task) { (void)Run(AndTrue(std::move(task))); }
  // Runs the world until done() holds; false: it did not by then, or nothing happens any more.
  template <typename Done>
  bool RunUntil(Done done, Duration longest) {
    constexpr uint64_t kJobsMax = 30'000'000;  // more in one go is a world that runs round in a circle
    const MonotonicTime limit = now_ + longest;
    const uint64_t jobs_limit = jobs_done_ + kJobsMax;
    while (!done()) {
      if (now_ >= limit || jobs_done_ >= jobs_limit || !RunOne()) return false;
    }
    return true;
  }
  // Lets so much time pass.
  void Pass(Duration time) {
    const MonotonicTime until = now_ + time;
    while (now_ < until && RunOne()) {
    }
  }

  uint64_t jobs_done() const { return jobs_done_; }

 private:
  template <typename T>
  static Task<void> Answer(Task<T> task, std::optional<T>* out) {
    out->emplace(co_await std::move(task));
  }
  static Task<bool> AndTrue(Task<void> task) {
    co_await std::move(task);
    co_return true;
  }
  bool RunOne() {
    if (jobs_.empty() && timers_.empty()) return false;
    if (jobs_.empty()) {
      const auto due = timers_.begin();
      now_ = std::max(now_, MonotonicTime{due->first});
      auto [where, job] = std::move(due->second);
      timers_.erase(due);
      where->Post(std::move(job));
      return true;
    }
    now_ = now_ + std::chrono::microseconds(1);
    const size_t at = jobs_.size() == 1 ? 0 : random_.Below(jobs_.size());
    Job job = std::move(jobs_[at]);
    if (at + 1 != jobs_.size()) jobs_[at] = std::move(jobs_.back());
    jobs_.pop_back();
    ++jobs_done_;
    job();
    return true;
  }

  uint64_t jobs_done_ = 0;
  SeededRandom random_;
  MonotonicTime now_{1};
  std::vector<Job> jobs_;
  std::multimap<int64_t, std::pair<Executor*, Job>> timers_;
};

}  // namespace nacre
