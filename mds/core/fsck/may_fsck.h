// Who may check and mend the filesystem: it shows, and changes, what is everybody's.
#pragma once

#include "mds/core/core.h"

namespace nacre {

// kNotPermitted.
inline Status CheckMayFsck(Op& op) {
  if (op.caller().root()) return Status::Ok();
  auto root = op.Find(kRootFid);
  if (!root.ok()) return root.status();
  if ((*root)->attr().uid() == op.caller().uid) return Status::Ok();
  return Status(Code::kNotPermitted, "only root and the owner of the root directory may check the filesystem");
}

}  // namespace nacre
