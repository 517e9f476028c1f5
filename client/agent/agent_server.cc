#include "client/agent/agent_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "client/agent/agent_place.h"
#include "client/agent/unix_socket.h"

namespace nacre::agent {
namespace {

constexpr size_t kConnectionsMax = 64;  // more wait in the socket's queue: turned away, they would take keys for locked
constexpr std::chrono::milliseconds kTick{250};

// Held while a socket is put in place or taken away, so that of agents that start and end at once one remains.
class PlaceLock {
 public:
  static Result<PlaceLock> Take(const std::string& directory, bool wait) {
    const int fd = open(LockPath(directory).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return ErrnoStatus(errno, "opening '" + LockPath(directory) + "'");
    if (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
      close(fd);
      return Status(Code::kBusy, "another agent starts or ends");
    }
    return PlaceLock(fd);
  }
  PlaceLock(PlaceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~PlaceLock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  explicit PlaceLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace

Result<AgentServer> AgentServer::Listen(const AgentServerOptions& options, Clock& clock) {
  const Result<PlaceLock> lock = PlaceLock::Take(options.directory, true);
  if (!lock.ok()) return lock.status();
  const std::string path = SocketPath(options.directory);
  const Result<int> other = ConnectTo(path);
  if (other.ok()) {
    close(*other);
    return Status(Code::kBusy, "a key agent of this user runs already");
  }
  const Result<int> fd = ListenAt(path);
  if (!fd.ok()) return fd.status();
  return AgentServer(options, clock, *fd);
}

AgentServer::AgentServer(AgentServer&& other) noexcept
    : options_(std::move(other.options_)),
      clock_(other.clock_),
      listen_fd_(std::exchange(other.listen_fd_, -1)),
      keys_(std::move(other.keys_)),
      connections_(std::move(other.connections_)),
      empty_since_(other.empty_since_),
      had_key_(other.had_key_) {}

AgentServer::~AgentServer() {
  for (const Connection& connection : connections_) close(connection.fd);
  if (listen_fd_ >= 0) close(listen_fd_);
}

void AgentServer::Accept() {
  while (connections_.size() < kConnectionsMax) {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (!CheckPeerIsOurUser(fd).ok()) {
      close(fd);
      continue;
    }
    connections_.push_back({fd, MessageBuffer(kLengthBytes + kRequestBodyBytesMax), clock_.Now()});
  }
}

bool AgentServer::AnswerWholeMessages(Connection& connection) {
  while (connection.input.filled().size() >= kLengthBytes) {
    const ByteView input = connection.input.filled();
    const size_t body_bytes = LoadBigEndian32(input.data());
    if (body_bytes == 0 || body_bytes > kRequestBodyBytesMax) return false;
    if (input.size() < kLengthBytes + body_bytes) return true;
    const Result<Request> request = ParseRequest(input.subspan(kLengthBytes, body_bytes));
    if (!request.ok()) return false;
    const MessageBuffer reply = keys_.Serve(*request);
    had_key_ = had_key_ || !keys_.empty();
    // A peer that does not read its reply is not waited for: the largest reply fits into an empty socket buffer.
    const ssize_t sent = send(connection.fd, reply.filled().data(), reply.filled().size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != static_cast<ssize_t>(reply.filled().size())) return false;
    MessageBuffer rest(kLengthBytes + kRequestBodyBytesMax);
    rest.Append(input.subspan(kLengthBytes + body_bytes));
    connection.input = std::move(rest);
  }
  return true;
}

bool AgentServer::ServeInput(Connection& connection) {
  const MutableBytes room = connection.input.room();
  const ssize_t got = recv(connection.fd, room.data(), room.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) return false;
  connection.input.Grow(static_cast<size_t>(got));
  connection.last_heard = clock_.Now();
  return AnswerWholeMessages(connection);
}

void AgentServer::DropIdle() {
  const MonotonicTime now = clock_.Now();
  std::erase_if(connections_, [&](const Connection& connection) {
    if (now - connection.last_heard < options_.idle_connection) return false;
    close(connection.fd);
    return true;
  });
}

bool AgentServer::MayEnd() {
  const MonotonicTime now = clock_.Now();
  if (!keys_.empty() || !connections_.empty()) {
    empty_since_ = now;
    return false;
  }
  return now - empty_since_ >= (had_key_ ? options_.last_key_grace : options_.first_key_grace);
}

Status AgentServer::Run(int stop_fd) {
  while (true) {
    const short listening = connections_.size() < kConnectionsMax ? POLLIN : 0;
    std::vector<pollfd> waits{{.fd = listen_fd_, .events = listening, .revents = 0}, {.fd = stop_fd, .events = POLLIN, .revents = 0}};
    for (const Connection& connection : connections_) waits.push_back({.fd = connection.fd, .events = POLLIN, .revents = 0});
    if (poll(waits.data(), waits.size(), static_cast<int>(kTick.count())) < 0 && errno != EINTR) {
      return ErrnoStatus(errno, "waiting for requests");
    }
    auto wait = waits.begin() + 2;
    for (auto connection = connections_.begin(); connection != connections_.end(); ++wait) {
      if (wait->revents != 0 && !ServeInput(*connection)) {
        close(connection->fd);
        connection = connections_.erase(connection);
      } else {
        ++connection;
      }
    }
    Accept();
    DropIdle();
    // Without its socket's name nobody reaches this agent any more, to use its keys or to have them dropped.
    if (access(SocketPath(options_.directory).c_str(), F_OK) != 0 && errno == ENOENT) return Status::Ok();
    const bool stopped = (waits[1].revents & POLLIN) != 0;
    if (!stopped && !MayEnd()) continue;
    const Result<PlaceLock> lock = PlaceLock::Take(options_.directory, stopped);
    if (lock.code() == Code::kBusy) continue;  // somebody starts: whoever is on the way finds us still here
    if (!lock.ok()) return lock.status();
    Accept();
    if (!stopped && !connections_.empty()) continue;
    unlink(SocketPath(options_.directory).c_str());
    close(std::exchange(listen_fd_, -1));
    return Status::Ok();
  }
}

}  // namespace nacre::agent
