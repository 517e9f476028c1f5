#include "mds/core/cluster_map.h"

namespace nacre {
namespace {

constexpr size_t kInstanceBytes = 16;
constexpr size_t kAddressBytesMax = 512;

std::string NameOf(const v1::Target& target) {
  return (target.kind() == v1::TARGET_OST ? "OST " : "MDT ") + std::to_string(target.index());
}

Status CheckAnnouncement(const v1::Target& target, const std::string& instance) {
  if (target.kind() != v1::TARGET_MDT && target.kind() != v1::TARGET_OST) {
    return Status(Code::kInvalid, "a target is an MDT or an OST");
  }
  if (target.index() > kTargetIndexMax) return Status(Code::kInvalid, "target index above 65535");
  if (target.address().empty() || target.address().size() > kAddressBytesMax) {
    return Status(Code::kInvalid, NameOf(target) + " announced an address of " +
                                      std::to_string(target.address().size()) + " bytes");
  }
  if (instance.size() != kInstanceBytes) return Status(Code::kInvalid, "an instance has 16 bytes");
  return Status::Ok();
}

}  // namespace

void ClusterMap::Load(rows::TargetRow row, uint64_t version) {
  const std::pair<uint32_t, uint32_t> key{row.target().kind(), row.target().index()};
  targets_[key].row = std::move(row);
  version_ = version;
}

Result<std::optional<rows::TargetRow>> ClusterMap::Announce(const v1::Target& target, const std::string& instance,
                                                            MonotonicTime now) {
  NACRE_RETURN_IF_ERROR(CheckAnnouncement(target, instance));
  const std::pair<uint32_t, uint32_t> key{target.kind(), target.index()};
  auto it = targets_.find(key);
  if (it != targets_.end() && it->second.row.instance() != instance) {
    return Status(Code::kExists, NameOf(target) + " is another data directory's (" +
                                     ToHex(AsBytes(it->second.row.instance())) + "): give this one a free index");
  }
  Known& known = targets_[key];
  const bool changed = known.row.instance().empty() || known.row.target().address() != target.address() ||
                       known.row.target().boot_count() != target.boot_count();
  const bool came_up = !IsUp(known, now);
  const v1::Target before = known.row.target();
  *known.row.mutable_target() = target;
  if (target.capacity_bytes() == 0) {  // it does not serve yet, and does not know
    known.row.mutable_target()->set_capacity_bytes(before.capacity_bytes());
    known.row.mutable_target()->set_used_bytes(before.used_bytes());
    known.row.mutable_target()->set_free_bytes(before.free_bytes());
    known.row.mutable_target()->set_objects(before.objects());
  }
  known.row.mutable_target()->clear_state();
  known.row.mutable_target()->clear_silent_ms();
  known.row.set_instance(instance);
  known.heard = true;
  known.last_heard = now;
  known.up = true;
  if (changed || came_up) ++version_;
  if (!changed) return std::optional<rows::TargetRow>();
  return std::optional<rows::TargetRow>(known.row);
}

v1::Target ClusterMap::Show(const Known& known, MonotonicTime now) const {
  v1::Target target = known.row.target();
  target.set_state(IsUp(known, now) ? v1::TARGET_UP : v1::TARGET_DOWN);
  target.set_silent_ms(known.heard ? (now - known.last_heard).count() / 1'000'000 : -1);
  return target;
}

std::vector<v1::Target> ClusterMap::Targets(MonotonicTime now) const {
  std::vector<v1::Target> targets;
  for (const auto& [key, known] : targets_) targets.push_back(Show(known, now));
  return targets;
}

std::vector<uint32_t> ClusterMap::Osts() const {
  std::vector<uint32_t> osts;
  for (const auto& [key, known] : targets_) {
    if (key.first == v1::TARGET_OST) osts.push_back(key.second);
  }
  return osts;
}

std::vector<OstCandidate> ClusterMap::UsableOsts(MonotonicTime now) const {
  std::vector<OstCandidate> usable;
  for (const auto& [key, known] : targets_) {
    if (key.first != v1::TARGET_OST || !IsUp(known, now)) continue;
    usable.push_back({.index = key.second, .free_bytes = known.row.target().free_bytes()});
  }
  return usable;
}

std::optional<std::string> ClusterMap::OstAddress(uint32_t index) const {
  auto it = targets_.find({v1::TARGET_OST, index});
  if (it == targets_.end()) return std::nullopt;
  return it->second.row.target().address();
}

void ClusterMap::Refresh(MonotonicTime now) {
  for (auto& [key, known] : targets_) {
    if (known.up == IsUp(known, now)) continue;
    known.up = !known.up;
    ++version_;
  }
}

}  // namespace nacre
