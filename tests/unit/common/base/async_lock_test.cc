#include "common/base/async_lock.h"

#include <gtest/gtest.h>

#include "common/base/task.h"

namespace nacre {
namespace {

class ManualExecutor final : public Executor {
 public:
  void Post(Job job) override { jobs_.push_back(std::move(job)); }
  void RunAll() {
    while (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
  }

 private:
  std::deque<Job> jobs_;
};

struct Holder {
  LockTable<int>::Held held;
  bool got = false;
};
Task<void> Take(LockTable<int>& table, int key, bool exclusive, Holder& out) {
  if (exclusive) {
    out.held = co_await table.Exclusive(key);
  } else {
    out.held = co_await table.Shared(key);
  }
  out.got = true;
}

TEST(LockTable, OneWriterOrManyReadersPerKey) {
  ManualExecutor strand;
  LockTable<int> table(strand);
  Holder writer, reader1, reader2, other;
  Detach(Take(table, 1, true, writer));
  Detach(Take(table, 1, false, reader1));
  Detach(Take(table, 1, false, reader2));
  Detach(Take(table, 2, true, other));
  EXPECT_TRUE(writer.got);
  EXPECT_FALSE(reader1.got);
  EXPECT_TRUE(other.got);
  writer.held.Release();
  strand.RunAll();
  EXPECT_TRUE(reader1.got && reader2.got);
}

TEST(LockTable, AWaitingWriterIsNotStarvedByLaterReaders) {
  ManualExecutor strand;
  LockTable<int> table(strand);
  Holder reader1, writer, reader2;
  Detach(Take(table, 1, false, reader1));
  Detach(Take(table, 1, true, writer));
  Detach(Take(table, 1, false, reader2));
  EXPECT_TRUE(reader1.got);
  EXPECT_FALSE(writer.got);
  EXPECT_FALSE(reader2.got);
  reader1.held.Release();
  strand.RunAll();
  EXPECT_TRUE(writer.got);
  EXPECT_FALSE(reader2.got);
  writer.held.Release();
  strand.RunAll();
  EXPECT_TRUE(reader2.got);
}

TEST(LockTable, KeepsNothingForKeysNobodyUses) {
  ManualExecutor strand;
  LockTable<int> table(strand);
  {
    Holder one;
    Detach(Take(table, 1, true, one));
    EXPECT_FALSE(table.empty());
  }
  EXPECT_TRUE(table.empty());
}

}  // namespace
}  // namespace nacre
