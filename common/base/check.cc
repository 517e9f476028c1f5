#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace nacre {

void CheckFailed(const char* file, int line, const char* expression, std::string_view message) {
  std::fprintf(stderr, "nacre: broken promise at %s:%d: %s (%.*s)\n", file, line, expression,
               static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace nacre
