// Requests of a hostile client: each honest but for one thing, which must be refused.
#pragma once

#include <string>
#include <vector>

#include "header.pb.h"
#include "tests/integration/hostile_channel.h"

namespace nacre::hostile {

struct WrongRequest {
  std::string method;
  std::string what;   // is wrong with it
  std::string bytes;  // serialized
};

// An honest header: every request of a session takes a new xid.
void FillHeader(Session& session, v1::RequestHeader& header);

std::string PingRequest();
std::string HonestHeartbeat(Session& session);
std::string HonestGetAttr(Session& session);
std::string HonestWrite(Session& session);

std::vector<WrongRequest> WrongMdsRequests(Session& session);
std::vector<WrongRequest> WrongOssRequests(Session& session);

}  // namespace nacre::hostile
