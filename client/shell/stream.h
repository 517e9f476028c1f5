// Content between an open file and a stream (standard input or output, a fifo, a device), a block ahead: while one block
// goes out the next is fetched, while one is sent the next comes in.
#pragma once

#include <cstdint>
#include <iosfwd>

#include "client/nacre.h"

namespace nacre::shell {

// Up to length bytes from offset on; fewer only where the file ends earlier.
Status StreamOut(File& file, uint64_t offset, uint64_t length, std::ostream& out);
// All that `in` has, to offset and behind.
Status StreamIn(std::istream& in, File& file, uint64_t offset);

}  // namespace nacre::shell
