// Resume: how a suspended coroutine is woken by what it waited for (an executor, a lock, a call-back).
//
// A Task that finishes while its awaiter is still starting it must not resume that awaiter from inside: a loop over such
// tasks would eat the stack, and tail calls are not to be had under sanitizers. So each start leaves a record on its
// thread, and a finish that finds its own record on top marks it; the awaiter then simply goes on.
// A wake-up, though, is a new beginning: who is woken inside a strand's job must go on inside that job, even if the start
// is still further down this very stack. Resume therefore hides the records below it.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <utility>

namespace nacre::task_internal {

struct StartRecord {
  uint64_t id;  // never reused, so a record that outlived its task matches nothing
  bool finished;
  StartRecord* outer;
};
inline thread_local StartRecord* starting_here = nullptr;

inline std::atomic<uint64_t> thread_numbers{1};
inline uint64_t NextStartId() {
  thread_local uint64_t next = thread_numbers.fetch_add(1) << 40;
  return ++next;
}

inline void Resume(std::coroutine_handle<> rest) {
  StartRecord* below = std::exchange(starting_here, nullptr);
  rest.resume();
  starting_here = below;
}

}  // namespace nacre::task_internal
