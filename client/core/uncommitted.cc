#include "client/core/uncommitted.h"

#include <algorithm>
#include <utility>

namespace nacre {
namespace {

Status RestartLoss() {
  return Status(Code::kIo, "the storage server restarted before it had committed what was written");
}

}  // namespace

void WriteFate::Lose(const Status& why) {
  std::lock_guard lock(mutex_);
  if (lost_.ok()) lost_ = why;
}

Status WriteFate::status() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

void Uncommitted::Add(const v1::ReplyHeader& header, Entry entry) {
  Heard(header);
  if (header.stable() || header.transno() == 0) return;
  {
    std::lock_guard lock(mutex_);
    if (header.boot_count() >= boot_count_) {
      if (header.transno() > stable_) entries_.emplace(header.transno(), std::move(entry));
      return;
    }
    // An answer of an earlier life of the server that was overtaken by one of its new life.
    loss_ = RestartLoss();
  }
  entry.fate->Lose(RestartLoss());
}

void Uncommitted::Heard(const v1::ReplyHeader& header) {
  Entries stable, lost;
  {
    std::lock_guard lock(mutex_);
    if (header.boot_count() < boot_count_) return;
    if (header.boot_count() > boot_count_) {
      boot_count_ = header.boot_count();
      // What the server calls committed below the new life is stable; the rest did not survive.
      stable = TakeUpToLocked(header.last_committed());
      lost = std::exchange(entries_, {});
      if (!lost.empty()) loss_ = RestartLoss();
      stable_ = header.last_committed();
    }
    if (header.last_committed() > stable_) {
      stable_ = header.last_committed();
      stable.merge(TakeUpToLocked(stable_));
    }
  }
  for (auto& [transno, entry] : lost) entry.fate->Lose(RestartLoss());
}

void Uncommitted::StableUpTo(Transno transno) {
  Entries stable;  // freed outside the lock
  std::lock_guard lock(mutex_);
  if (BootCountOf(transno) != boot_count_) return;
  stable_ = std::max(stable_, transno);
  stable = TakeUpToLocked(transno);
}

void Uncommitted::LoseAll(const Status& why) {
  Entries lost;
  {
    std::lock_guard lock(mutex_);
    lost = std::exchange(entries_, {});
    if (!lost.empty()) loss_ = why;
  }
  for (auto& [transno, entry] : lost) entry.fate->Lose(why);
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
  return entries_.empty() ? 0 : entries_.rbegin()->first;
}

Uncommitted::Entries Uncommitted::TakeUpToLocked(Transno transno) {
  Entries taken;
  while (!entries_.empty() && entries_.begin()->first <= transno) taken.insert(entries_.extract(entries_.begin()));
  return taken;
}

}  // namespace nacre
