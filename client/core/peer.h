// Peer: a server this client has a session with, and Exchange(), the one way a request is sent to it: with its header
// filled in, in a slot if it changes something, again after a lost answer (same xid), again after the server restarted
// (same xid, after the replays) or forgot the session (a new request in a new session), until an answer comes or the time
// the user gave is over. Any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "client/core/environment.h"
#include "client/core/replay_log.h"
#include "client/core/slot_pool.h"
#include "client/core/wait_notice.h"
#include "common/base/status.h"
#include "common/base/task.h"
#include "common/wire/wire.h"

namespace nacre {

enum class CallKind {
  kLook,    // changes nothing
  kChange,  // takes a slot
};

class Peer {
 public:
  explicit Peer(const Environment& environment)
      : environment_(environment), slots_(*environment.pool), notice_(environment) {}
  virtual ~Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // "MDT0000 at 127.0.0.1:7001": what an error says was not reached.
  virtual std::string Name() const = 0;
  // The number of the session to ask in; connects first where there is none. kUnavailable: try again.
  virtual Task<Result<uint64_t>> EnsureSession() = 0;
  // The life of the server that EnsureSession has connected to, replays included.
  virtual uint64_t Life() const = 0;
  // It did not answer several times: it may have moved.
  virtual void Unreachable() {}
  // The server does not know that session any more.
  virtual void SessionLost(uint64_t number) = 0;
  virtual void Heard(const v1::ReplyHeader& header) = 0;
  virtual v1::RequestHeader NewHeader(uint64_t session) = 0;  // with a fresh xid

  const Environment& environment() const { return environment_; }
  SlotPool& slots() { return slots_; }
  WaitNotice& notice() { return notice_; }

 protected:
  const Environment& environment_;

 private:
  SlotPool slots_;
  WaitNotice notice_;
};

template <typename Reply>
const v1::ReplyHeader& ReplyHeaderOf(const Reply& reply) {
  return reply.header();
}
inline const v1::ReplyHeader& ReplyHeaderOf(const ObjectPages& pages) { return pages.header.header(); }

// After a restart: says that no replay follows, and ends when the server takes new work. send: callable(deadline in ms) ->
// Task<Status>. kUnavailable: the server is gone again, or has not recovered in time.
template <typename Send>
Task<Status> AwaitRecovery(Peer* peer, Send send) {
  constexpr auto kAskAgainAfter = std::chrono::seconds(2);
  const Environment& environment = peer->environment();
  const MonotonicTime limit = environment.clock->Now() + environment.wait_timeout;
  for (;;) {
    const MonotonicTime asked = environment.clock->Now();
    const Status status = co_await send(std::chrono::milliseconds(kAskAgainAfter).count());
    if (status.code() != Code::kUnavailable) co_return UnavailableIfForgotten(status);
    const MonotonicTime now = environment.clock->Now();
    if (now - asked < kAskAgainAfter) co_return status;
    const Status waits(Code::kUnavailable, "it has restarted, and waits for its other clients");
    if (now >= limit) co_return waits;
    peer->notice().Waiting(peer->Name(), waits);
  }
}

// How long to wait before attempt n, 5 ms doubling to 1 s, with jitter so that clients do not come back in step.
inline Duration BackOff(int attempt, Random& random) {
  const uint64_t base_us = std::min<uint64_t>(uint64_t{5000} << std::min(attempt, 8), 1'000'000);
  return std::chrono::microseconds(base_us / 2 + random.Below(base_us / 2 + 1));
}

// What a caller may want to know of how its request went.
struct CallTrace {
  // The request belongs to this session, as a write to a file that was opened in it does: in another it is not sent, and the
  // answer is kFenced. 0: to none.
  uint64_t only_in = 0;
  uint64_t session = 0;  // of the attempt that was answered
  uint64_t xid = 0;
  // The request may also have been done in a session that is gone: then kExists or kNotFound may be the echo of our own
  // success, and the caller looks.
  bool unsure = false;

  // The next attempt is made in this session, with this xid.
  Status EnterSession(uint64_t number, uint64_t new_xid, bool answer_missing) {
    if (only_in != 0 && only_in != number) {
      return Status(Code::kFenced, "this client was evicted: it was not heard in time");
    }
    unsure |= answer_missing;
    session = number;
    xid = new_xid;
    return Status::Ok();
  }
};

// Keeps a change that was answered, for replay, with the header it was sent with. False: the answer is of a life of the
// server that is over, so nobody knows whether the change survived: the request is sent again.
template <typename Reply>
using Keep = std::function<bool(const v1::RequestHeader&, const Reply&)>;

// send: callable(const v1::RequestHeader&) -> Task<Result<Reply>>, called once an attempt. trace may be null, keep empty.
template <typename Reply, typename Send>
Task<Result<Reply>> Exchange(Peer* peer, CallKind kind, Send send, CallTrace* trace = nullptr, Keep<Reply> keep = {}) {
  const Environment& environment = peer->environment();
  const MonotonicTime limit = environment.clock->Now() + environment.wait_timeout;
  SlotPool::Slot slot;
  if (kind == CallKind::kChange) slot = co_await peer->slots().Take();
  v1::RequestHeader header;
  bool answer_missing = false;
  for (int attempt = 0;; ++attempt) {
    Status status;
    const Result<uint64_t> session = co_await peer->EnsureSession();
    if (!session.ok()) {
      status = session.status();
      if (status.code() != Code::kUnavailable) co_return status;
    } else {
      if (header.session() != *session) {
        header = peer->NewHeader(*session);
        header.set_slot(slot.number());
        if (trace != nullptr) NACRE_CO_RETURN_IF_ERROR(trace->EnterSession(*session, header.xid(), answer_missing));
        answer_missing = false;
      }
      header.set_resent(answer_missing);
      header.set_server_boot_count(peer->Life());
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - environment.clock->Now());
      header.set_deadline_ms(static_cast<uint64_t>(std::max<int64_t>(1, left.count())));
      Result<Reply> reply = co_await send(header);
      status = reply.ok() ? StatusOf(ReplyHeaderOf(*reply)) : reply.status();
      if (status.ok() && keep && !keep(header, *reply)) {
        status = Status(Code::kUnavailable, "it restarted before its answer was taken");
      }
      if (status.ok()) {
        peer->Heard(ReplyHeaderOf(*reply));
        if (peer->notice().waiting()) peer->notice().Answered(peer->Name());
        co_return reply;
      }
      if (status.code() == Code::kNotConnected) {
        peer->SessionLost(*session);
      } else if (status.code() == Code::kUnavailable) {
        answer_missing = true;
        if (attempt >= 2) peer->Unreachable();
      } else {
        co_return status;
      }
    }
    if (environment.clock->Now() >= limit) {
      const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(environment.wait_timeout);
      co_return Status(Code::kUnavailable, peer->Name() + " did not answer within " + std::to_string(waited.count()) +
                                               " ms: " + status.message());
    }
    // A forgotten session is told by a server that answers: connect again at once, but not in a tight loop.
    if (status.code() == Code::kUnavailable || attempt > 0) {
      peer->notice().Waiting(peer->Name(), status);
      const Duration left = limit - environment.clock->Now();
      const Duration pause = std::clamp<Duration>(left, Duration(0), BackOff(attempt, *environment.random));
      co_await Sleep(*environment.timers, *environment.pool, pause);
    }
  }
}

}  // namespace nacre
