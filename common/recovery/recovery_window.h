// RecoveryWindow: after a restart, a server first takes again what its clients still hold of what it lost (replay), and
// takes new work only when all of them have said that they are through, or when their time is over (DESIGN §7): new work
// done earlier could be undone by an older request that comes again, or could see that it is missing.
//
// Used by MDS and OSS alike. Knows no requests; time is an argument. One strand.
#pragma once

#include <algorithm>
#include <coroutine>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/executor.h"

namespace nacre {

class RecoveryWindow {
 public:
  using Awaited = std::map<uint64_t, std::string>;  // session -> its client's id

  explicit RecoveryWindow(Executor& strand) : strand_(strand) {}

  // Stays closed when nobody is awaited. Once.
  void Open(Awaited awaited, MonotonicTime now, Duration length) {
    awaited_ = std::move(awaited);
    last_look_ = now;
    left_ = length;
  }
  bool open() const { return !awaited_.empty(); }
  Duration left() const { return left_; }  // as of the last look; below 0: so much over its time

  // To be asked about every second while it is open: is its time over? A pause of this very machine counts for little: what
  // clients sent meanwhile is still to be read.
  bool IsOverAt(MonotonicTime now) {
    constexpr Duration kBetweenLooksMax = std::chrono::seconds(3);
    left_ -= std::min<Duration>(now - last_look_, kBetweenLooksMax);
    last_look_ = now;
    return left_ <= Duration(0);
  }
  size_t awaited_count() const { return awaited_.size(); }
  std::vector<uint64_t> Sessions() const {  // that are awaited, in order
    std::vector<uint64_t> sessions;
    for (const auto& [session, client_id] : awaited_) sessions.push_back(session);
    return sessions;
  }

  // May this client replay in this session?
  bool Awaits(uint64_t session, const std::string& client_id) const {
    const auto it = awaited_.find(session);
    return it != awaited_.end() && it->second == client_id;
  }
  bool AwaitsAnother(uint64_t session, const std::string& client_id) const {
    const auto it = awaited_.find(session);
    return it != awaited_.end() && it->second != client_id;
  }
  uint64_t AwaitedOf(const std::string& client_id) const {  // 0: none of this client is
    const auto it = std::find_if(awaited_.begin(), awaited_.end(), [&](const auto& entry) { return entry.second == client_id; });
    return it == awaited_.end() ? 0 : it->first;
  }
  // This session has replayed all it had, or ended. Closes the window if it was the last.
  void Done(uint64_t session) {
    if (awaited_.erase(session) == 1 && awaited_.empty()) Wake();
  }
  // Closes the window; the sessions that are still awaited have missed it.
  std::vector<uint64_t> Close() {
    std::vector<uint64_t> missed;
    for (const auto& [session, client_id] : std::exchange(awaited_, {})) missed.push_back(session);
    Wake();
    return missed;
  }

  // co_await window.Closed(): goes on, on the strand, when new work may begin.
  struct Awaiter {
    RecoveryWindow& window;
    bool await_ready() const noexcept { return !window.open(); }
    void await_suspend(std::coroutine_handle<> rest) { window.waiting_.push_back(rest); }
    void await_resume() const noexcept {}
  };
  Awaiter Closed() { return Awaiter{*this}; }

 private:
  void Wake() {
    for (std::coroutine_handle<> rest : std::exchange(waiting_, {})) {
      strand_.Post([rest] { task_internal::Resume(rest); });
    }
  }

  Executor& strand_;
  Awaited awaited_;
  MonotonicTime last_look_;
  Duration left_{0};
  std::vector<std::coroutine_handle<>> waiting_;
};

}  // namespace nacre
