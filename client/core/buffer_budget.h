// BufferBudget bounds the memory of what is to be written, from before a copy reads it (piece_memory.h) until its ciphertext,
// answered, is committed. At half of the bound the OSTs are asked to commit in the background, at the bound writers wait for
// that: memory never grows beyond it. Any thread.
#pragma once

#include <functional>
#include <utility>

#include "client/core/async_semaphore.h"

namespace nacre {

class BufferBudget {
 public:
  BufferBudget(Executor& executor, uint64_t bytes_max) : bytes_(executor, bytes_max), bytes_max_(bytes_max) {}

  // Called when memory runs short: starts commits and returns at once.
  void OnPressure(std::function<void()> relieve) { relieve_ = std::move(relieve); }

  Task<AsyncSemaphore::Units> Take(uint64_t bytes) {
    if (bytes_.taken() + bytes > bytes_max_ / 2 && relieve_) relieve_();
    return bytes_.Take(bytes);
  }
  // To be called when something became uncommitted: who waits for memory may have nobody else to ask for the commit.
  void Added() {
    if (short_of_memory() && relieve_) relieve_();
  }
  bool short_of_memory() const { return bytes_.taken() > bytes_max_ / 2; }

 private:
  AsyncSemaphore bytes_;
  const uint64_t bytes_max_;
  std::function<void()> relieve_;
};

}  // namespace nacre
