// FatalHandler: whom a part tells that it cannot go on, because nobody knows what is on the disk any more. It ends the
// process; should it return (in a simulation), the part makes nothing stable any more.
#pragma once

#include <functional>

#include "common/base/status.h"

namespace nacre {

using FatalHandler = std::function<void(const Status&)>;

}  // namespace nacre
