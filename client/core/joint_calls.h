// JointCalls: one request under way for many callers. Who comes alone is sent at once; who comes while one is under way
// goes with the others that do in the next, so that many in flight cost few requests. Nobody is answered by a request that
// was sent before he came, so an answer is as fresh as one of his own. Any thread.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/base/task.h"

namespace nacre {

template <typename Item, typename Verdict>
class JointCalls {
 public:
  // Answers a verdict for each item, in order.
  using Send = std::function<Task<std::vector<Verdict>>(std::vector<Item>)>;
  // A verdict with which all who wait fail too, instead of trying one after another, each for as long as it takes.
  using FailsAll = std::function<bool(const Verdict&)>;
  // together_max: items of one request.
  JointCalls(size_t together_max, Send send, FailsAll fails_all)
      : together_max_(together_max), send_(std::move(send)), fails_all_(std::move(fails_all)) {}

  Task<Verdict> Call(Item item) {
    const Turn turn;
    bool leads = false;
    {
      std::lock_guard lock(mutex_);
      waiting_.push_back({std::move(item), turn});
      leads = !std::exchange(under_way_, true);
    }
    if (!leads) {
      std::optional<Verdict> verdict = co_await turn;
      if (verdict) co_return *std::move(verdict);
    }
    // Ours is the first of those that wait.
    std::vector<Item> items;
    std::vector<Turn> turns;
    Take(&items, &turns);
    std::vector<Verdict> verdicts = co_await send_(std::move(items));
    NACRE_CHECK(verdicts.size() == turns.size(), "a verdict for each");
    if (fails_all_(verdicts.front())) {
      FailThoseWhoWait(verdicts.front());
    } else {
      PassOn();
    }
    for (size_t i = 1; i < turns.size(); ++i) turns[i].Set(std::move(verdicts[i]));
    co_return std::move(verdicts.front());
  }

 private:
  using Turn = OneShot<std::optional<Verdict>>;  // nullopt: the next request is yours to send
  struct Waiting {
    Item item;
    Turn turn;
  };
  void Take(std::vector<Item>* items, std::vector<Turn>* turns) {
    std::lock_guard lock(mutex_);
    while (!waiting_.empty() && items->size() < together_max_) {
      items->push_back(std::move(waiting_.front().item));
      turns->push_back(std::move(waiting_.front().turn));
      waiting_.pop_front();
    }
  }
  void PassOn() {
    std::optional<Turn> next;
    {
      std::lock_guard lock(mutex_);
      under_way_ = !waiting_.empty();
      if (under_way_) next = waiting_.front().turn;
    }
    if (next) next->Set(std::nullopt);
  }

  void FailThoseWhoWait(const Verdict& verdict) {
    std::deque<Waiting> all;
    {
      std::lock_guard lock(mutex_);
      all.swap(waiting_);
      under_way_ = false;
    }
    for (const Waiting& one : all) one.turn.Set(verdict);
  }

  const size_t together_max_;
  const Send send_;
  const FailsAll fails_all_;
  std::mutex mutex_;  // guards all below
  bool under_way_ = false;
  std::deque<Waiting> waiting_;
};

}  // namespace nacre
