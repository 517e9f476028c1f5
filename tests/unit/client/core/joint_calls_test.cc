// One request under way for many callers (client/core/joint_calls.h).
#include "client/core/joint_calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace nacre {
namespace {

// Requests that are answered when the test says so.
class JointCallsTest : public testing::Test {
 protected:
  struct Request {
    std::vector<int> items;
    OneShot<bool> answered;
  };
  Task<std::vector<std::string>> Send(std::vector<int> items) {
    requests.push_back({items, {}});
    const OneShot<bool> answered = requests.back().answered;
    (void)co_await answered;
    std::vector<std::string> verdicts;
    for (int item : items) verdicts.push_back("done " + std::to_string(item));
    co_return verdicts;
  }
  void Call(int item) {
    Detach([](JointCallsTest* test, int asked) -> Task<void> {
      test->verdicts.push_back(co_await test->calls.Call(asked));
    }(this, item));
  }
  std::vector<Request> requests;
  std::vector<std::string> verdicts;
  JointCalls<int, std::string> calls{3, [this](std::vector<int> items) { return Send(std::move(items)); },
                                     [](const std::string& verdict) { return verdict == "done 13"; }};
};

TEST_F(JointCallsTest, WhoComesAloneIsSentAtOnce) {
  Call(1);
  ASSERT_EQ(requests.size(), 1u);
  requests[0].answered.Set(true);
  EXPECT_EQ(verdicts, std::vector<std::string>{"done 1"});
  Call(2);
  ASSERT_EQ(requests.size(), 2u);
  requests[1].answered.Set(true);
  EXPECT_EQ(verdicts.back(), "done 2");
}

TEST_F(JointCallsTest, WhoComesWhileOneIsUnderWayGoesWithTheNextAndNeverWithThatOne) {
  for (int item = 1; item <= 6; ++item) Call(item);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].items, std::vector<int>{1});
  requests[0].answered.Set(true);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].items, (std::vector<int>{2, 3, 4})) << "at most three together";
  EXPECT_EQ(verdicts.size(), 1u);
  requests[1].answered.Set(true);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2].items, (std::vector<int>{5, 6}));
  requests[2].answered.Set(true);
  EXPECT_EQ(requests.size(), 3u);
  std::sort(verdicts.begin(), verdicts.end());
  EXPECT_EQ(verdicts, (std::vector<std::string>{"done 1", "done 2", "done 3", "done 4", "done 5", "done 6"}));
}

TEST_F(JointCallsTest, WhoWaitsForAServerThatDoesNotAnswerFailsWithTheFirst) {
  for (int item : {13, 14, 15}) Call(item);
  requests[0].answered.Set(true);
  EXPECT_EQ(verdicts, (std::vector<std::string>{"done 13", "done 13", "done 13"}));
  Call(16);
  ASSERT_EQ(requests.size(), 2u) << "who comes later tries himself";
  requests[1].answered.Set(true);
  EXPECT_EQ(verdicts.back(), "done 16");
}

TEST(JointCalls, EveryThreadGetsItsOwnVerdict) {
  constexpr int kThreads = 8, kCalls = 2000;
  std::atomic<int> requests{0}, wrong{0};
  JointCalls<int, int> calls(100, [&](std::vector<int> items) -> Task<std::vector<int>> {
    ++requests;
    for (int& item : items) item = -item;
    co_return items;
  }, [](int) { return false; });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const int item = t * kCalls + i;
        if (SyncWait(calls.Call(item)) != -item) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(requests, kThreads * kCalls);
}

}  // namespace
}  // namespace nacre
