#include "common/runtime/open_files.h"

#include <sys/resource.h>

#include "common/runtime/log.h"

namespace nacre {
namespace {
constexpr uint64_t kFewOpenFiles = 4096;  // below this a server runs out before it is busy

uint64_t OpenFileLimit() {
  rlimit files{};
  return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
}
}  // namespace

uint64_t RaiseOpenFileLimit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  return OpenFileLimit();
}

void WarnIfFewOpenFiles() {
  const uint64_t limit = OpenFileLimit();
  if (limit >= kFewOpenFiles) return;
  spdlog::warn("at most {} files may be open (RLIMIT_NOFILE): each client's connection is one; allow {} or more", limit,
               kFewOpenFiles);
}

}  // namespace nacre
