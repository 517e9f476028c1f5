// AgentServer: one thread, one poll loop over the agent's socket. Serves its own user only, bounds everything a peer may
// make it hold, and ends when it has held no key for a while (`nacre agent` is this and the process around it).
#pragma once

#include <chrono>
#include <list>
#include <string>

#include "client/agent/agent_protocol.h"
#include "client/agent/key_store.h"
#include "common/base/clock.h"

namespace nacre::agent {

struct AgentServerOptions {
  std::string directory;                              // FindAgentDirectory()
  std::chrono::milliseconds first_key_grace{10'000};  // after the start, for who started it to come
  std::chrono::milliseconds last_key_grace{1'000};    // without a key from then on
  std::chrono::milliseconds idle_connection{30'000};  // a peer that says nothing is let go
};

class AgentServer {
 public:
  // kBusy: an agent of this user answers already. The lock file decides between two that start at once.
  static Result<AgentServer> Listen(const AgentServerOptions& options, Clock& clock);
  AgentServer(AgentServer&& other) noexcept;
  AgentServer& operator=(AgentServer&&) = delete;
  ~AgentServer();

  // Until no key is held, or stop_fd (a signalfd or eventfd) becomes readable.
  Status Run(int stop_fd);

 private:
  struct Connection {
    int fd;
    MessageBuffer input;
    MonotonicTime last_heard;
  };

  AgentServer(const AgentServerOptions& options, Clock& clock, int listen_fd)
      : options_(options), clock_(clock), listen_fd_(listen_fd), empty_since_(clock.Now()) {}
  void Accept();
  // False: the connection is over.
  bool ServeInput(Connection& connection);
  bool AnswerWholeMessages(Connection& connection);
  void DropIdle();
  bool MayEnd();

  AgentServerOptions options_;
  Clock& clock_;
  int listen_fd_;
  KeyStore keys_;
  std::list<Connection> connections_;
  MonotonicTime empty_since_;
  bool had_key_ = false;
};

}  // namespace nacre::agent
