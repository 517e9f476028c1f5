// NACRE_CHECK is for our own promises and is never compiled out: a broken one ends the process before it can do harm.
// What comes from outside (a peer, a disk, a user) is never CHECKed, it gets a Status.
#pragma once

#include <string>
#include <string_view>

namespace nacre {

[[noreturn]] void CheckFailed(const char* file, int line, const char* expression, std::string_view message);

}  // namespace nacre

#define NACRE_CHECK(expression, message)                                        \
  do {                                                                          \
    if (!(expression)) [[unlikely]] {                                           \
      ::nacre::CheckFailed(__FILE__, __LINE__, #expression, (message));         \
    }                                                                           \
  } while (0)
