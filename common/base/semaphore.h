// Semaphore: blocks a thread until another releases it. std::counting_semaphore of g++ 12 calls sched_yield four times before
// it sleeps; with many threads that wait, or on virtual machines, that costs more than the sleep (docs/decisions/0014).
// POSIX' sleeps at once. Any thread.
#pragma once

#include <semaphore.h>

#include <cerrno>

#include "common/base/check.h"

namespace nacre {

class Semaphore {
 public:
  Semaphore() { NACRE_CHECK(sem_init(&semaphore_, /*pshared=*/0, 0) == 0, "a semaphore begins at 0"); }
  ~Semaphore() { sem_destroy(&semaphore_); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Who was waiting may destroy this at once.
  void Release() { NACRE_CHECK(sem_post(&semaphore_) == 0, "a semaphore does not overflow"); }
  void Acquire() {
    while (sem_wait(&semaphore_) != 0) NACRE_CHECK(errno == EINTR, "a semaphore can be waited for");
  }

 private:
  sem_t semaphore_;
};

}  // namespace nacre
