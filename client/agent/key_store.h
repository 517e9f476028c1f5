// The keys an agent holds, apart by filesystem, and what each request does to them. One thread. Knows no socket.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "client/agent/agent_protocol.h"

namespace nacre::agent {

class KeyStore {
 public:
  // The reply to a request that obeys the grammar, ready to be sent.
  MessageBuffer Serve(const Request& request);
  bool empty() const { return keys_.empty(); }

 private:
  Code Add(const Request& request);

  std::map<std::pair<std::string, KeyIdentifier>, SecretKey> keys_;
};

}  // namespace nacre::agent
