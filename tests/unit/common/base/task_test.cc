#include "common/base/task.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/base/semaphore.h"

namespace nacre {
namespace {

// Keeps jobs until the test runs them.
class ManualExecutor final : public Executor {
 public:
  void Post(Job job) override { jobs_.push_back(std::move(job)); }
  bool RunOne() {
    if (jobs_.empty()) return false;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    return true;
  }

 private:
  std::deque<Job> jobs_;
};

class NewThreadExecutor final : public Executor {
 public:
  void Post(Job job) override { std::thread(std::move(job)).detach(); }
};

Task<int> Answer(int value) { co_return value; }

Task<int> SumOf(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await Answer(1);
  co_return sum;
}

TEST(Task, AnswersWithItsValue) { EXPECT_EQ(SyncWait(Answer(7)), 7); }

TEST(Task, LoopsOverTasksThatFinishAtOnceDoNotGrowTheStack) { EXPECT_EQ(SyncWait(SumOf(1'000'000)), 1'000'000); }

TEST(Task, GoesOnWhereItHoppedTo) {
  ManualExecutor executor;
  int stage = 0;
  Detach([](ManualExecutor& where, int& out) -> Task<void> {
    out = 1;
    co_await Hop(where);
    out = 2;
  }(executor, stage));
  EXPECT_EQ(stage, 1);
  EXPECT_TRUE(executor.RunOne());
  EXPECT_EQ(stage, 2);
}

Task<int> HopAndAnswer(Executor& executor, int value) {
  co_await Hop(executor);
  co_return value;
}

TEST(Task, ResumesItsAwaiterFromAnotherThread) {
  NewThreadExecutor threads;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(SyncWait([](Executor& where, int n) -> Task<int> {
                int sum = co_await HopAndAnswer(where, n);
                sum += co_await HopAndAnswer(where, 1);
                co_return sum;
              }(threads, i)),
              i + 1);
  }
}

// A child that ends on a strand must not let its parent go on elsewhere, however the threads interleave.
TEST(Task, AParentGoesOnOnTheStrandItsChildEndedOn) {
  Strand strand;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  int unguarded = 0;  // only ever touched on the strand: TSan and the sum tell
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        SyncWait([](Strand& where, std::atomic<int>& bad, int& sum) -> Task<void> {
          co_await HopAndAnswer(where, 0);
          if (!where.RunsHere()) ++bad;
          ++sum;
        }(strand, wrong, unguarded));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(unguarded, 20000);
}

// Who posts to a strand from its own jobs keeps it from becoming empty for as long as he likes; so do several threads.
TEST(Strand, WhoRunsItComesBackThoughItDoesNotBecomeEmpty) {
  ManualExecutor relief;
  Strand strand(&relief);
  size_t ran = 0;
  const std::function<void()> again = [&] {
    if (++ran < 1000) strand.Post(again);
  };
  strand.Post(again);
  EXPECT_EQ(ran, Strand::kJobsInARow);

  // Still one at a time: who posts now does not begin beside the relief.
  bool late = false;
  strand.Post([&] { late = true; });
  EXPECT_FALSE(late);
  EXPECT_TRUE(relief.RunOne());
  EXPECT_EQ(ran, 1000);
  EXPECT_TRUE(late);
  EXPECT_FALSE(relief.RunOne());

  late = false;
  strand.Post([&] { late = true; });
  EXPECT_TRUE(late) << "idle again";
}

TEST(Strand, IsHandedOverBetweenThreadsAndStaysOneAtATime) {
  NewThreadExecutor relief;
  Strand strand(&relief);
  constexpr int kThreads = 4, kJobs = 20000;
  int unguarded = 0;  // only ever touched on the strand: TSan and the sum tell
  Semaphore all;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kJobs; ++i) {
        strand.Post([&] {
          if (++unguarded == kThreads * kJobs) all.Release();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  all.Acquire();
  EXPECT_EQ(unguarded, kThreads * kJobs);
}

TEST(Strand, MayGoWhileSomebodyRunsIt) {
  ManualExecutor relief;
  auto strand = std::make_unique<Strand>(&relief);
  size_t ran = 0;
  strand->Post([&] {
    for (size_t i = 0; i < Strand::kJobsInARow; ++i) strand->Post([&ran] { ++ran; });
    strand->Post([&] {
      ++ran;
      strand.reset();
    });
  });
  EXPECT_TRUE(relief.RunOne());
  EXPECT_EQ(ran, Strand::kJobsInARow + 1);
  EXPECT_EQ(strand, nullptr);
}

TEST(OneShot, CarriesAValueSetBeforeOrAfterTheWait) {
  for (int i = 0; i < 200; ++i) {
    OneShot<int> shot;
    std::thread setter([shot, i] { shot.Set(i); });
    EXPECT_EQ(SyncWait([](OneShot<int> from) -> Task<int> { co_return co_await from; }(shot)), i);
    setter.join();
  }
}

TEST(WhenAll, AnswersInOrderThoughTheyFinishInAnother) {
  ManualExecutor first, second;
  std::vector<Task<int>> tasks;
  tasks.push_back(HopAndAnswer(first, 1));
  tasks.push_back(HopAndAnswer(second, 2));
  std::vector<int> got;
  Detach([](std::vector<Task<int>> all, std::vector<int>& out) -> Task<void> {
    out = co_await WhenAll(std::move(all));
  }(std::move(tasks), got));
  EXPECT_TRUE(second.RunOne());
  EXPECT_TRUE(got.empty());
  EXPECT_TRUE(first.RunOne());
  EXPECT_EQ(got, (std::vector<int>{1, 2}));
}

TEST(TaskGroup, IsDrainedWhenItsLastTaskHasEnded) {
  ManualExecutor executor;
  TaskGroup group;
  group.Start([](ManualExecutor& where) -> Task<void> { co_await Hop(where); }(executor));
  bool drained = false;
  Detach([](TaskGroup& all, bool& out) -> Task<void> {
    co_await all.Drained();
    out = true;
  }(group, drained));
  EXPECT_FALSE(drained);
  executor.RunOne();
  EXPECT_TRUE(drained);
}

}  // namespace
}  // namespace nacre
