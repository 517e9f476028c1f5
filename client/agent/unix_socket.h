// The few calls on local sockets that agent and keyring share. Blocking only where a time limit is given.
#pragma once

#include <chrono>
#include <string>

#include "client/agent/agent_protocol.h"

namespace nacre::agent {

// Answers a descriptor the caller closes. kNotFound: nobody listens there.
Result<int> ConnectTo(const std::string& socket_path);
// Bound with mode 0600 and listening, non-blocking. What stood at the path is gone.
Result<int> ListenAt(const std::string& socket_path);
// kNotPermitted unless the process at the other end has our user id.
Status CheckPeerIsOurUser(int fd);

Status SendAll(int fd, ByteView bytes, std::chrono::milliseconds limit);
// One message body of at most body_bytes_max. kUnavailable: the other end went away.
Result<MessageBuffer> ReceiveMessage(int fd, size_t body_bytes_max, std::chrono::milliseconds limit);

}  // namespace nacre::agent
