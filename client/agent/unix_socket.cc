#include "client/agent/unix_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nacre::agent {
namespace {

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Status(Code::kNameTooLong, "'" + path + "' is too long for a socket (set XDG_RUNTIME_DIR to a shorter place)");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Status WaitFor(int fd, short events, std::chrono::milliseconds limit) {
  pollfd wait{.fd = fd, .events = events, .revents = 0};
  int ready;
  do {
    ready = poll(&wait, 1, static_cast<int>(limit.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return ErrnoStatus(errno, "waiting for the key agent");
  return ready == 0 ? Status(Code::kTimedOut, "the key agent does not answer") : Status::Ok();
}

Status ReceiveExactly(int fd, MutableBytes out, std::chrono::milliseconds limit) {
  while (!out.empty()) {
    NACRE_RETURN_IF_ERROR(WaitFor(fd, POLLIN, limit));
    const ssize_t got = recv(fd, out.data(), out.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0 && errno != ECONNRESET) return ErrnoStatus(errno, "reading from the key agent");
    if (got <= 0) return Status(Code::kUnavailable, "the key agent went away");
    out = out.subspan(static_cast<size_t>(got));
  }
  return Status::Ok();
}

}  // namespace

Result<int> ConnectTo(const std::string& socket_path) {
  const Result<sockaddr_un> address = AddressOf(socket_path);
  if (!address.ok()) return address.status();
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, "making a local socket");
  if (connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    const int error = errno;
    close(fd);
    if (error == ENOENT || error == ECONNREFUSED) return Status(Code::kNotFound, "no key agent runs");
    return ErrnoStatus(error, "connecting to the key agent at '" + socket_path + "'");
  }
  return fd;
}

Result<int> ListenAt(const std::string& socket_path) {
  const Result<sockaddr_un> address = AddressOf(socket_path);
  if (!address.ok()) return address.status();
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return ErrnoStatus(errno, "making a local socket");
  unlink(socket_path.c_str());
  // The mode a socket is bound with comes from its descriptor, so that at no moment it is open to others.
  const bool bound = fchmod(fd, 0600) == 0 &&
                     bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
                     chmod(socket_path.c_str(), 0600) == 0 && listen(fd, 64) == 0;
  if (!bound) {
    const int error = errno;
    close(fd);
    return ErrnoStatus(error, "listening at '" + socket_path + "'");
  }
  return fd;
}

Status CheckPeerIsOurUser(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return ErrnoStatus(errno, "asking who is at the other end");
  if (peer.uid == geteuid()) return Status::Ok();
  return Status(Code::kNotPermitted, "the other end of the key agent's socket is user " + std::to_string(peer.uid));
}

Status SendAll(int fd, ByteView bytes, std::chrono::milliseconds limit) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      NACRE_RETURN_IF_ERROR(WaitFor(fd, POLLOUT, limit));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return Status(Code::kUnavailable, "the key agent went away");
    } else if (errno != EINTR) {
      return ErrnoStatus(errno, "writing to the key agent");
    }
  }
  return Status::Ok();
}

Result<MessageBuffer> ReceiveMessage(int fd, size_t body_bytes_max, std::chrono::milliseconds limit) {
  uint8_t length[kLengthBytes];
  NACRE_RETURN_IF_ERROR(ReceiveExactly(fd, length, limit));
  const size_t body_bytes = LoadBigEndian32(length);
  if (body_bytes == 0 || body_bytes > body_bytes_max) return Status(Code::kInvalid, "agent message: wrong length");
  MessageBuffer body(body_bytes);
  NACRE_RETURN_IF_ERROR(ReceiveExactly(fd, body.all(), limit));
  body.Grow(body_bytes);
  return body;
}

}  // namespace nacre::agent
