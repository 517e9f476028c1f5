#include "client/shell/key_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nacre::shell {

Result<SecretKey> ReadKeyFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "opening the key file '" + path + "'");
  SecretKey buffer(SecretKey::kBytesMax);
  size_t size = 0;
  ssize_t got = 1;
  while (got > 0 && size < buffer.size()) {
    got = read(fd, buffer.mutable_bytes().data() + size, buffer.size() - size);
    if (got > 0) size += static_cast<size_t>(got);
    if (got < 0 && errno == EINTR) got = 1;
  }
  const int error = got < 0 ? errno : 0;
  char beyond = 0;
  const bool longer = error == 0 && size == buffer.size() && read(fd, &beyond, 1) == 1;
  close(fd);
  if (error != 0) return ErrnoStatus(error, "reading the key file '" + path + "'");
  if (longer || size < SecretKey::kBytesMin) {
    return Status(Code::kInvalid, "the key file '" + path + "' must hold 32 to 64 bytes and nothing else" +
                                      (longer ? ", not more" : ", not " + std::to_string(size)));
  }
  return SecretKey::FromBytes(buffer.bytes().first(size));
}

}  // namespace nacre::shell
