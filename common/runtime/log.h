// Logging, by spdlog, to stderr: what a person at 3 a.m. needs. Ids, sizes and codes only: never a name, a path inside the
// filesystem, contents or keys. An error is logged once, where it stops.
#pragma once

#include <spdlog/spdlog.h>

#include <string>

#include "common/base/status.h"

namespace nacre {

// component: "mdt0", "ost1". level: trace, debug, info, warn, error. Call once, from main().
Status StartLog(const std::string& component, const std::string& level);

}  // namespace nacre
