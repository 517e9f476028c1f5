// CrashRun: a random history of an ObjectServer, with crashes. After each the store must hold exactly the requests up to
// some transno, each whole, and nothing that was told to be stable may be missing. A World is an OssWorld; where its power
// goes by itself, PowerGone says so, and nothing that was answered since is taken for an answer.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tests/unit/oss/object_model.h"

namespace nacre {

// One client after another, changes one by one, commits whenever; the model after each change.
template <typename World>
class CrashRun {
 public:
  explicit CrashRun(uint64_t seed) : random_(seed), history_(1, Model(kObjects)) {}

  void Go(int rounds) {
    for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
      const uint64_t changes = random_.Below(25);
      for (uint64_t i = 0; i < changes && !world_.PowerGone(); ++i) Change(false);
      if (world_.PowerGone()) {
        world_.Crash(random_);
      } else {
        Change(true);  // in the middle of which the power goes
      }
      Check();
    }
  }
  bool lost() const { return lost_; }  // something, in any crash

 private:
  static constexpr uint32_t kObjects = 4;
  static constexpr uint64_t kPages = 700;  // crosses chunks
  struct Planned {
    uint32_t object;
    Model after;
    std::shared_ptr<OssWorld::Pending<Result<v1::WriteReply>>> write;
    std::shared_ptr<OssWorld::Pending<Result<v1::SetSizeReply>>> set_size;
    std::shared_ptr<OssWorld::Pending<Result<v1::PunchReply>>> punch;
    std::shared_ptr<OssWorld::Pending<Result<v1::DestroyReply>>> destroy;
    std::shared_ptr<OssWorld::Pending<Result<v1::CommitReply>>> commit;
  };

  void PlanWrite(Planned& plan) {
    const uint64_t page = random_.Below(kPages);
    const uint64_t count = 1 + (random_.Below(4) == 0 ? random_.Below(300) : random_.Below(4));
    const uint32_t size_diff = random_.Below(2) == 0 ? 0 : static_cast<uint32_t>(random_.Below(4096));
    std::string bytes;
    ModelObject& object = plan.after[plan.object];
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t seed = reader_.NewPage(random_);
      bytes += PageOf(seed);
      object.pages[page + i] = seed;
    }
    object.exists = true;
    object.size = std::max(object.size, (page + count) * kPageBytes - size_diff);
    world_.epoch = epochs_[plan.object];
    plan.write = world_.Begin(world_.server->Write(world_.WriteOf(TestObject(plan.object), page, bytes, size_diff), RunOf(bytes)));
  }
  void PlanSetSize(Planned& plan) {
    ModelObject& object = plan.after[plan.object];
    const uint64_t size = random_.Below(kPages * kPageBytes);
    auto request = world_.SetSizeOf(TestObject(plan.object), size, ++epochs_[plan.object]);
    object.pages.erase(object.pages.lower_bound(PagesCovering(size)), object.pages.end());
    if (size % kPageBytes != 0 && random_.Below(2) == 0) {
      const uint64_t seed = reader_.NewPage(random_);
      request.set_tail_page(PageOf(seed));
      object.pages[PagesCovering(size) - 1] = seed;
    }
    object.size = size;
    object.exists = true;
    plan.set_size = world_.Begin(world_.server->SetSize(request));
  }
  void PlanPunch(Planned& plan) {
    ModelObject& object = plan.after[plan.object];
    const uint64_t page = random_.Below(kPages), count = random_.Below(400);
    auto request = world_.PunchOf(TestObject(plan.object), page, count, ++epochs_[plan.object]);
    object.pages.erase(object.pages.lower_bound(page), object.pages.lower_bound(page + count));
    if (page > 0 && page <= PagesCovering(object.size) && random_.Below(2) == 0) {
      const uint64_t seed = reader_.NewPage(random_);
      auto* edge = request.add_edges();
      edge->set_page(page - 1);
      edge->set_ciphertext(PageOf(seed));
      object.pages[page - 1] = seed;
    }
    object.exists = true;
    plan.punch = world_.Begin(world_.server->Punch(request));
  }
  void PlanDestroy(Planned& plan) {
    plan.after[plan.object] = ModelObject{.destroyed = true};
    v1::DestroyRequest request;
    *request.mutable_header() = world_.Header(0);
    *request.add_objects() = ToWire(TestObject(plan.object));
    plan.destroy = world_.Begin(world_.server->Destroy(request));
  }

  void Change(bool crash) {
    Planned plan;
    plan.object = static_cast<uint32_t>(random_.Below(kObjects));
    plan.after = history_.back();
    const uint64_t what = random_.Below(100);
    if (what < 10) {
      v1::CommitRequest request;
      *request.mutable_header() = world_.Header(0);
      plan.commit = world_.Begin(world_.server->Commit(request));
    } else if (history_.back()[plan.object].destroyed) {
      return crash ? world_.Crash(random_) : void();
    } else if (what < 70) {
      PlanWrite(plan);
    } else if (what < 82) {
      PlanSetSize(plan);
    } else if (what < 94) {
      PlanPunch(plan);
    } else if (what < 95) {
      PlanDestroy(plan);
    } else {
      world_.queue.Advance(std::chrono::seconds(5));  // the committer's own time
      return crash ? world_.Crash(random_) : void();
    }
    history_.push_back(plan.after);
    if (crash) {
      for (uint64_t steps = random_.Below(16); steps > 0; --steps) world_.queue.RunOne();
      if (Answered(plan) && !world_.PowerGone()) Note(plan);
      world_.Crash(random_);
      return;
    }
    while (!Answered(plan)) ASSERT_TRUE(world_.queue.RunOne());
    if (!world_.PowerGone()) Note(plan);
    // Leaves the committer somewhere in its work.
    for (uint64_t steps = random_.Below(4); steps > 0; --steps) world_.queue.RunOne();
  }
  static bool Answered(const Planned& plan) {
    return (plan.write && plan.write->value) || (plan.set_size && plan.set_size->value) ||
           (plan.punch && plan.punch->value) || (plan.destroy && plan.destroy->value) ||
           (plan.commit && plan.commit->value);
  }
  void Note(const Planned& plan) {
    if (plan.write) {
      ASSERT_TRUE(plan.write->value->ok()) << plan.write->value->status().ToString();
      if ((*plan.write->value)->header().stable()) stable_ = history_.size() - 1;
      return;
    }
    if (plan.set_size) {
      ASSERT_TRUE(plan.set_size->value->ok()) << plan.set_size->value->status().ToString();
    }
    if (plan.punch) {
      ASSERT_TRUE(plan.punch->value->ok()) << plan.punch->value->status().ToString();
    }
    stable_ = history_.size() - 1;
  }

  void Check() {
    Model found;
    for (uint32_t i = 0; i < kObjects; ++i) found.push_back(Shown(i));
    size_t match = history_.size();
    for (size_t i = history_.size(); i-- > stable_;) {
      Model expected = history_[i];
      for (ModelObject& object : expected) object.exists = false;
      if (expected == found) {
        match = i;
        break;
      }
    }
    ASSERT_LT(match, history_.size()) << "after the crash the store is in none of the " << history_.size() - stable_
                                      << " states it may be in";
    uint64_t pages = 0;
    for (const ModelObject& object : found) pages += object.pages.size();
    EXPECT_EQ(world_.Ping().used_bytes(), pages * kPageBytes);
    if (world_.PowerGone()) return;  // before anybody could rely on what was found
    lost_ |= match + 1 < history_.size();
    Model base = history_[match];
    history_.assign(1, base);
    stable_ = 0;
    if (std::all_of(base.begin(), base.end(), [](const ModelObject& object) { return object.destroyed; })) Renew();
  }
  // Under an epoch above all so far, which the object then keeps.
  ModelObject Shown(uint32_t number) {
    high_epoch_ += 1000;
    epochs_[number] = high_epoch_;
    return reader_.Show(world_, number, high_epoch_);
  }
  void Renew() {
    world_.Renew();
    history_.assign(1, Model(kObjects));
    epochs_.assign(kObjects, 1);
  }

  SeededRandom random_;
  World world_;
  ModelReader reader_;
  std::vector<Model> history_;  // the states since the newest one known to be stable, or earlier
  size_t stable_ = 0;           // index of the newest state known to be stable
  std::vector<uint64_t> epochs_ = std::vector<uint64_t>(kObjects, 1);
  uint64_t high_epoch_ = 0;
  bool lost_ = false;
};

}  // namespace nacre
