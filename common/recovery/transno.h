// Transno: a server's number of a state change, given in the order in which changes enter its log. The boot count stands
// in the high 24 bits, so numbers grow across restarts and tell which life of the server they are from. Pure.
#pragma once

#include <compare>
#include <cstdint>

#include "common/base/check.h"

namespace nacre {

using Transno = uint64_t;  // 0: changed nothing

constexpr int kTransnoCounterBits = 40;
constexpr uint64_t kBootCountMax = (uint64_t{1} << 24) - 1;

constexpr uint64_t BootCountOf(Transno transno) { return transno >> kTransnoCounterBits; }

// Gives out the transnos of one life of a server. One strand.
class TransnoSource {
 public:
  explicit TransnoSource(uint64_t boot_count) : next_((boot_count << kTransnoCounterBits) + 1) {
    NACRE_CHECK(boot_count >= 1 && boot_count <= kBootCountMax, "a boot count has 24 bits");
  }
  Transno Next() { return next_++; }
  Transno last() const { return next_ - 1; }

 private:
  Transno next_;
};

}  // namespace nacre
