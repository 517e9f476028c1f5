// ServerLives: the lives of one simulated server, each with its stores. How a server dies, and what becomes of the dead, is
// the same for both kinds. One thread.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tests/unit/cluster/links.h"

namespace nacre {

// Life has: Api& api(); Task<void> BeginStop(), Task<void> Stop(); bool ended_itself.
template <typename Api, typename Life>
class ServerLives {
 public:
  explicit ServerLives(SimLoop& loop) : loop_(loop) {}

  void Begin(std::shared_ptr<Life> life) { now_ = std::move(life); }
  void Serve() {
    place_->server = &now_->api();
    place_->keeps = now_;
    ++place_->life;
  }
  // In order: what it answered is stable.
  void StopInOrder() {
    place_->Die();
    if (now_ == nullptr) return;
    if (now_->ended_itself) return PowerOff();
    loop_.Run(now_->Stop());
    loop_.Pass(std::chrono::milliseconds(1));  // calls under way end
    now_.reset();
  }
  void PowerOff() {
    place_->Die();
    if (now_ == nullptr) return;
    if (now_->ended_itself) {
      LeaveForGood(std::exchange(now_, nullptr));
    } else {
      dying_.push_back(now_);
      Detach(Drain(this, std::exchange(now_, nullptr)));
    }
  }
  // The dead are through with what they had begun; or one has ended itself over that.
  void WaitForTheDead() {
    const auto none_dies = [this] {
      return std::all_of(dying_.begin(), dying_.end(), [](const auto& life) { return life->ended_itself; });
    };
    EXPECT_TRUE(loop_.RunUntil(none_dies, std::chrono::hours(1))) << "a server does not stop";
    for (std::shared_ptr<Life>& life : dying_) LeaveForGood(std::move(life));
    dying_.clear();
  }

  Life* now() const { return now_.get(); }
  const std::shared_ptr<Place<Api>>& place() const { return place_; }

 private:
  static Task<void> Drain(ServerLives* lives, std::shared_ptr<Life> life) {
    SimLoop& loop = lives->loop_;
    co_await Hop(loop);
    co_await life->BeginStop();
    co_await life->Stop();
    co_await Sleep(loop, loop, std::chrono::milliseconds(1));
    std::erase(lives->dying_, life);
  }
  static void LeaveForGood(std::shared_ptr<Life> life) {
    static std::vector<std::shared_ptr<Life>> left;
    left.push_back(std::move(life));
  }

  SimLoop& loop_;
  std::shared_ptr<Life> now_;
  const std::shared_ptr<Place<Api>> place_ = std::make_shared<Place<Api>>();
  std::vector<std::shared_ptr<Life>> dying_;
};

}  // namespace nacre
