// What a metadata server is told at its start, and the promises of time it keeps.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/base/units.h"

namespace nacre {

// Who leads an MDT, and in which epoch: with one leader for ever the epoch stays 1 (DESIGN §10).
constexpr uint64_t kMdtEpoch = 1;

struct MdsOptions {
  uint32_t mdt_index = 0;
  uint64_t boot_count = 1;  // durable before Start()
  Duration session_silent_max = std::chrono::seconds(60);
  Duration recovery_window = std::chrono::seconds(30);  // how long a restarted server waits for clients to come back
  Duration target_heartbeat = std::chrono::seconds(2);
  Duration target_silent_max = std::chrono::seconds(10);
  Duration tick = std::chrono::seconds(1);
  // The longest an answered change waits until it is stable without anybody asking; 0: it is stable before it is answered.
  Duration commit_interval = std::chrono::seconds(1);
  // What is free on the disk below the store; nullopt: nobody can tell. Default: there is always room. On the strand.
  std::function<std::optional<uint64_t>()> free_bytes;
  uint64_t reserve_bytes = 256 * kMiB;  // left free by what is new: room.h
  // The log cannot be made stable, or the store is broken: the process must end. Default: NACRE_CHECK.
  std::function<void(const Status&)> fatal;
  // What an operator should look at, though the server goes on: for the log. Default: nobody is told.
  std::function<void(const Status&)> notice;
  // What it is about while it starts: for the log. Default: nobody is told.
  std::function<void(const std::string&)> progress;
};

constexpr size_t kSessionsMax = 4096;
constexpr int kSessionsOfALifeBits = 20;  // session numbers of a life begin at its boot count, so far to the left, or later
constexpr size_t kNameBytesMax = 255;
constexpr uint32_t kLinksMax = 65000;
constexpr uint32_t kReaddirEntriesMax = 1000;
constexpr size_t kReaddirBytesMax = 1 << 20;
constexpr size_t kCloseItemsMax = 1000;
constexpr size_t kSymlinkBytesMax = 4096;
constexpr size_t kXattrNameBytesMax = 255;
constexpr size_t kXattrBytesMax = 65536;  // names and values of one inode together
constexpr size_t kDirectoryDepthMax = 65536;

}  // namespace nacre
