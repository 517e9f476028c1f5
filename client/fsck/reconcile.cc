#include "client/fsck/reconcile.h"

#include <string>

#include "common/wire/wire.h"

namespace nacre {

std::optional<v1::Finding> UnclaimedNames::Reconcile(v1::Finding finding) {
  const Fid fid = FromWire(finding.fid());
  if (finding.area() == v1::CHECK_ENTRIES) {
    if (finding.kind() == v1::FINDING_NAME && names_.size() < kInodesMax) ++names_[fid];
    return finding;
  }
  const bool about_names = finding.kind() == v1::FINDING_LOST || finding.kind() == v1::FINDING_NLINK;
  const auto it = names_.find(fid);
  if (finding.area() != v1::CHECK_INODES || !about_names || it == names_.end()) return finding;
  finding.set_counted(finding.counted() + it->second);
  // A directory's links are its counters' affair.
  const bool counts_links = finding.kind() == v1::FINDING_NLINK || finding.stated() != 0;
  if (!counts_links || finding.stated() == finding.counted()) return std::nullopt;
  finding.set_kind(v1::FINDING_NLINK);
  finding.set_what("says " + std::to_string(finding.stated()) + " links, has " + std::to_string(finding.counted()));
  return finding;
}

}  // namespace nacre
