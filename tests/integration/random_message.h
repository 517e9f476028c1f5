// Random messages of any type, by reflection: every field may be missing, at a border, or nonsense. Pure; repeats by seed.
#pragma once

#include <google/protobuf/descriptor.h>

#include <random>
#include <string>

#include "tests/integration/hostile_channel.h"

namespace nacre::hostile {

// A request of that type, mostly with the session's own header and FIDs, so that it is not refused at the door.
std::string RandomRequest(const google::protobuf::Descriptor& type, Session& session, std::mt19937_64& rng);

}  // namespace nacre::hostile
