// DevCluster: a Nacre cluster of real processes on this machine, all of it below one directory.
//
//   DIR/mdt0 DIR/ost0 …   data        DIR/etc/NAME.toml  configuration, as people may edit it between stop and start
//   DIR/log/NAME.log      logs        DIR/client.toml    for clients        DIR/dev.json  pids and addresses
//
// Knows no client library: whether a target serves is asked through a function given in. One command at a time per DIR.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/dev/dev_state.h"
#include "common/base/status.h"

namespace nacre::dev {

constexpr uint32_t kOstsOfNewCluster = 2;

struct DevOptions {
  std::optional<uint32_t> osts;           // of a new cluster, if not said, kOstsOfNewCluster; one that is there must have so many
  uint64_t ost_capacity = 0;              // 0: what the disk has
  std::string programs;                   // the directory of nacre-mds and nacre-oss
  std::chrono::milliseconds patience{60'000};  // beyond the recovery window of a server whose clients do not come back
};

struct TargetState {
  Target target;
  std::string state;                      // "up", "down": whether its process runs
};

// Asked again and again until it says Ok: does everything named serve? Answers the fsid when it learned it.
using Probe = std::function<Result<std::string>(const std::vector<Target>& targets)>;

class DevCluster {
 public:
  DevCluster(std::string directory, DevOptions options) : directory_(std::move(directory)), options_(std::move(options)) {}

  // Makes what is missing and starts what does not run. A cluster that exists keeps its targets and addresses.
  Status Up(const Probe& probe);
  Result<std::vector<TargetState>> States() const;
  Status Start(const std::string& name, const Probe& probe);
  Status Stop(const std::string& name);   // SIGTERM, and waits
  Status Kill(const std::string& name);   // SIGKILL, and waits until it is gone
  // Stops all; wipe removes what the cluster made below DIR, and DIR when nothing else lies in it.
  Status Down(bool wipe);
  Result<DevState> Load() const { return LoadState(directory_); }
  std::string ClientConfig() const { return directory_ + "/client.toml"; }

 private:
  Result<DevState> Plan() const;
  Status WriteConfigs(const DevState& state) const;
  Status Launch(DevState& state, Target& target) const;
  Status WaitUntilServing(DevState& state, const std::vector<std::string>& names, const Probe& probe) const;
  Status End(const std::string& name, int signal_number);
  std::string LastLogLines(const std::string& name) const;

  std::string directory_;
  DevOptions options_;
};

}  // namespace nacre::dev
