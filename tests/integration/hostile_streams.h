// Random requests on a stream of calls (proto/calls.proto), several a message and now and then too many, with a real
// session. Each must be answered once by its number, whatever the answer; a stream may end, but not fall silent.
#pragma once

#include <google/protobuf/descriptor.h>

#include <random>
#include <string>
#include <vector>

#include "tests/integration/hostile_channel.h"

namespace nacre::hostile {

// The service is Mds or Oss; only the named requests are sent, and names that are nobody's. Returns what did not hold.
std::vector<std::string> SendRandomFrames(const std::string& address, bool mds,
                                          const std::vector<const google::protobuf::Descriptor*>& requests, Session& session,
                                          std::mt19937_64& rng, int rounds);

}  // namespace nacre::hostile
