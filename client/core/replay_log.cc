#include "client/core/replay_log.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/planted_bug.h"

namespace nacre {
namespace {
constexpr size_t kTogetherMax = 128;
}

bool ReplayLog::Add(const EntryPtr& entry, const v1::ReplyHeader& header) {
  if (header.stable() || header.transno() == 0) {
    entry->Stable();
  } else {
    std::unique_lock lock(mutex_);
    if (header.boot_count() < boot_count_) return false;
    entry->first_transno_ = entry->transno_ = header.transno();
    const bool stable_already = header.boot_count() == boot_count_ && header.transno() <= stable_;
    if (!stable_already) entries_.emplace(entry->first_transno_, entry);
    lock.unlock();
    if (stable_already) entry->Stable();
  }
  Heard(header);
  return true;
}

bool ReplayLog::Heard(const v1::ReplyHeader& header) {
  Entries stable;
  {
    std::lock_guard lock(mutex_);
    if (header.boot_count() != boot_count_) return header.boot_count() < boot_count_;
    if (header.last_committed() <= stable_) return true;
    stable_ = header.last_committed();
    stable = TakeStableLocked(stable_);
  }
  TellStable(stable);
  return true;
}

void ReplayLog::StableUpTo(Transno transno) {
  Entries stable;
  {
    std::lock_guard lock(mutex_);
    if (BootCountOf(transno) != boot_count_) return;
    stable_ = std::max(stable_, transno);
    stable = TakeStableLocked(transno);
  }
  TellStable(stable);
}

void ReplayLog::EnterLife(uint64_t boot_count) {
  std::lock_guard lock(mutex_);
  if (boot_count <= boot_count_) return;
  boot_count_ = boot_count;
  stable_ = 0;
  replay_from_ = 0;
}

Task<Status> ReplayLog::ReplayAll(std::string server, ReplaySome replay) {
  for (std::vector<EntryPtr> next = NextToReplay(); !next.empty(); next = NextToReplay()) {
    const Answers answers = co_await replay(next, boot_count());
    NACRE_CHECK(!answers.empty() && answers.size() <= next.size(), "an answer for each replay that was sent");
    for (size_t i = 0; i < answers.size(); ++i) {
      const Status status = UnavailableIfForgotten(answers[i].status());
      if (status.code() == Code::kUnavailable) co_return status;
      if (status.ok()) {
        if (!Replayed(next[i], *answers[i])) co_return Status(Code::kUnavailable, server + " has restarted again");
      } else {
        Lose(next[i], Status(Code::kIo, "a change that " + server + " had answered was lost when it restarted: " +
                                            status.message()));
      }
    }
  }
  co_return Status::Ok();
}

uint64_t ReplayLog::boot_count() const {
  std::lock_guard lock(mutex_);
  return boot_count_;
}

std::vector<ReplayLog::EntryPtr> ReplayLog::NextToReplay() const {
  std::lock_guard lock(mutex_);
  if (Planted(PlantedBug::kReplayOutOfOrder)) {
    for (auto last = entries_.rbegin(); last != entries_.rend(); ++last) {
      if (BootCountOf(last->second->transno_) != boot_count_) return {last->second};
    }
    return {};
  }
  std::vector<EntryPtr> next;
  for (auto at = entries_.lower_bound(replay_from_); at != entries_.end() && next.size() < kTogetherMax; ++at) {
    if (BootCountOf(at->second->transno_) == boot_count_) break;
    next.push_back(at->second);
  }
  return next;
}

bool ReplayLog::Replayed(const EntryPtr& entry, const v1::ReplyHeader& header) {
  {
    std::lock_guard lock(mutex_);
    if (header.boot_count() != boot_count_) return false;  // this one is to be replayed there
    entry->transno_ = header.transno();
    replay_from_ = entry->first_transno_ + 1;
    if (header.stable()) entries_.erase(entry->first_transno_);
  }
  if (header.stable()) entry->Stable();
  Heard(header);
  return true;
}

void ReplayLog::Lose(const EntryPtr& entry, const Status& why) {
  {
    std::lock_guard lock(mutex_);
    if (entries_.erase(entry->first_transno_) == 0) return;
    loss_ = why;
  }
  entry->Lost(why);
}

void ReplayLog::LoseAll(const Status& why) {
  Entries lost;
  {
    std::lock_guard lock(mutex_);
    lost = std::exchange(entries_, {});
    if (!lost.empty()) loss_ = why;
  }
  for (auto& [order, entry] : lost) entry->Lost(why);
}

void ReplayLog::LoseOlderThan(uint64_t boot_count, const Status& why) {
  Entries lost;
  {
    std::lock_guard lock(mutex_);
    for (auto at = entries_.begin(); at != entries_.end();) {
      const auto next = std::next(at);
      if (BootCountOf(at->second->transno_) < boot_count) lost.insert(entries_.extract(at));
      at = next;
    }
    if (!lost.empty()) loss_ = why;
  }
  for (const auto& [order, entry] : lost) entry->Lost(why);
}

Status ReplayLog::TakeLoss() {
  std::lock_guard lock(mutex_);
  return std::exchange(loss_, Status::Ok());
}

size_t ReplayLog::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

Transno ReplayLog::newest() const {
  std::lock_guard lock(mutex_);
  return entries_.empty() ? 0 : entries_.rbegin()->second->transno_;
}

// New work is done only when every replay was, so transnos of this life are in the order of the first ones.
ReplayLog::Entries ReplayLog::TakeStableLocked(Transno transno) {
  Entries taken;
  for (auto at = entries_.begin(); at != entries_.end() && at->second->transno_ <= transno;) {
    if (BootCountOf(at->second->transno_) != boot_count_) break;  // to be replayed yet
    const auto next = std::next(at);
    taken.insert(entries_.extract(at));
    at = next;
  }
  return taken;
}

void ReplayLog::TellStable(const Entries& stable) {
  for (const auto& [order, entry] : stable) entry->Stable();
}

}  // namespace nacre
