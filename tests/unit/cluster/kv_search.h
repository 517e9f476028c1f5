// Looks for bytes in everything a store holds.
#pragma once

#include <string>

#include "common/kv/kv_store.h"

namespace nacre {

inline bool KvHolds(KvStore& kv, size_t families, const std::string& bytes) {
  for (size_t family = 0; family < families; ++family) {
    for (auto cursor = kv.Seek(static_cast<KvFamily>(family), {}); cursor->Valid(); cursor->Next()) {
      if (cursor->key().find(bytes) != std::string_view::npos) return true;
      if (cursor->value().find(bytes) != std::string_view::npos) return true;
    }
  }
  return false;
}

}  // namespace nacre
