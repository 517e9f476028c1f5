// ClusterMap: the targets that ever announced themselves and when each was last heard: the embedded coordinator's memory
// (DESIGN §10). Pure: time is an argument, the caller stores what changed. One strand.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/placement/ost_choice.h"
#include "mds_rows.pb.h"
#include "types.pb.h"

namespace nacre {

constexpr uint32_t kTargetIndexMax = 0xffff;

class ClusterMap {
 public:
  explicit ClusterMap(Duration silent_max) : silent_max_(silent_max) {}

  void Load(rows::TargetRow row, uint64_t version);  // at start: down until heard

  // A target speaks. Answers with the row to store if the map changed by it (new, moved, restarted), else nullopt.
  // kInvalid: nonsense; kExists: another data directory has this index.
  Result<std::optional<rows::TargetRow>> Announce(const v1::Target& target, const std::string& instance,
                                                  MonotonicTime now);
  uint64_t version() const { return version_; }

  std::vector<v1::Target> Targets(MonotonicTime now) const;  // MDTs first, by index
  std::vector<uint32_t> Osts() const;  // all that ever announced themselves
  std::vector<OstCandidate> UsableOsts(MonotonicTime now) const;
  std::optional<std::string> OstAddress(uint32_t index) const;
  // Ups and downs change the map too; call now and then.
  void Refresh(MonotonicTime now);

 private:
  struct Known {
    rows::TargetRow row;
    bool heard = false;
    MonotonicTime last_heard;
    bool up = false;
  };
  bool IsUp(const Known& known, MonotonicTime now) const { return known.heard && now - known.last_heard <= silent_max_; }
  v1::Target Show(const Known& known, MonotonicTime now) const;

  Duration silent_max_;
  uint64_t version_ = 1;
  std::map<std::pair<uint32_t, uint32_t>, Known> targets_;  // (kind, index)
};

}  // namespace nacre
