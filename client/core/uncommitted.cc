#include "client/core/uncommitted.h"

#include <algorithm>
#include <utility>

namespace nacre {

void WriteFate::Lose(const Status& why) {
  std::lock_guard lock(mutex_);
  if (lost_.ok()) lost_ = why;
}

Status WriteFate::status() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

bool Uncommitted::Add(const EntryPtr& entry, const v1::ReplyHeader& header) {
  if (!header.stable()) {
    std::lock_guard lock(mutex_);
    if (header.boot_count() < boot_count_) return false;
    entry->first_transno = entry->transno = header.transno();
    if (header.transno() > stable_) entries_.emplace(entry->first_transno, entry);
  }
  Heard(header);
  return true;
}

bool Uncommitted::Heard(const v1::ReplyHeader& header) {
  Entries stable;  // freed outside the lock
  std::lock_guard lock(mutex_);
  if (header.boot_count() != boot_count_) return header.boot_count() < boot_count_;
  if (header.last_committed() > stable_) {
    stable_ = header.last_committed();
    stable = TakeStableLocked(stable_);
  }
  return true;
}

void Uncommitted::StableUpTo(Transno transno) {
  Entries stable;  // freed outside the lock
  std::lock_guard lock(mutex_);
  if (BootCountOf(transno) != boot_count_) return;
  stable_ = std::max(stable_, transno);
  stable = TakeStableLocked(transno);
}

void Uncommitted::EnterLife(uint64_t boot_count) {
  std::lock_guard lock(mutex_);
  if (boot_count <= boot_count_) return;
  boot_count_ = boot_count;
  stable_ = 0;
  replay_from_ = 0;
}

Uncommitted::EntryPtr Uncommitted::NextToReplay() const {
  std::lock_guard lock(mutex_);
  const auto next = entries_.lower_bound(replay_from_);
  if (next == entries_.end() || BootCountOf(next->second->transno) == boot_count_) return nullptr;
  return next->second;
}

void Uncommitted::Replayed(const EntryPtr& entry, const v1::ReplyHeader& header) {
  {
    std::lock_guard lock(mutex_);
    if (header.boot_count() != boot_count_) return;  // it restarted once more: this one is to be replayed there
    entry->transno = header.transno();
    replay_from_ = entry->first_transno + 1;
    if (header.stable()) entries_.erase(entry->first_transno);
  }
  Heard(header);
}

void Uncommitted::Lose(const EntryPtr& entry, const Status& why) {
  {
    std::lock_guard lock(mutex_);
    if (entries_.erase(entry->first_transno) == 0) return;
    loss_ = why;
  }
  entry->fate->Lose(why);
}

void Uncommitted::LoseAll(const Status& why) {
  Entries lost;
  {
    std::lock_guard lock(mutex_);
    lost = std::exchange(entries_, {});
    if (!lost.empty()) loss_ = why;
  }
  for (auto& [order, entry] : lost) entry->fate->Lose(why);
}

Status Uncommitted::TakeLoss() {
  std::lock_guard lock(mutex_);
  return std::exchange(loss_, Status::Ok());
}

bool Uncommitted::empty() const {
  std::lock_guard lock(mutex_);
  return entries_.empty();
}

Transno Uncommitted::newest() const {
  std::lock_guard lock(mutex_);
  return entries_.empty() ? 0 : entries_.rbegin()->second->transno;
}

// New work is done only when every replay was, so transnos of this life are in the order of the first ones.
Uncommitted::Entries Uncommitted::TakeStableLocked(Transno transno) {
  Entries taken;
  for (auto at = entries_.begin(); at != entries_.end() && at->second->transno <= transno;) {
    if (BootCountOf(at->second->transno) != boot_count_) break;  // to be replayed yet
    const auto next = std::next(at);
    taken.insert(entries_.extract(at));
    at = next;
  }
  return taken;
}

}  // namespace nacre
