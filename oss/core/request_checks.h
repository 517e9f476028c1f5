// What requests must satisfy before an ObjectServer looks at its objects: peers are hostile until checked. Pure.
#pragma once

#include <optional>
#include <vector>

#include "common/fs/cipher_run.h"
#include "common/layout/layout.h"
#include "oss.pb.h"
#include "oss/core/page_store.h"

namespace nacre {

constexpr int kItemsMax = 10000;  // objects in one Glimpse or Destroy

struct PageCondition {
  enum class Kind { kNone, kHole, kDigest };
  Kind kind = Kind::kNone;
  PageDigest digest{};
  bool HoldsFor(const std::optional<PageDigest>& page) const;  // nullopt: the page is a hole
};

struct CheckedWrite {
  ObjectId object;
  uint64_t first_page = 0;
  PageCondition first;
  PageCondition last;
};
Result<CheckedWrite> CheckWrite(const v1::WriteHeader& request, const CipherRun* run);

Result<ObjectId> CheckRead(const v1::ReadRequest& request);

struct CheckedSetSize {
  ObjectId object;
  PageCondition tail;
};
Result<CheckedSetSize> CheckSetSize(const v1::SetSizeRequest& request);

struct CheckedPunch {
  ObjectId object;
  uint64_t end_page = 0;
  std::vector<PageCondition> edges;  // as in the request
};
Result<CheckedPunch> CheckPunch(const v1::PunchRequest& request);

Result<std::vector<ObjectId>> CheckGlimpse(const v1::GlimpseRequest& request);
Result<std::vector<ObjectId>> CheckDestroy(const v1::DestroyRequest& request);

}  // namespace nacre
