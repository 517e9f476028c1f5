#include "client/agent/agent_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace nacre::agent {
namespace {

bool IsDirectory(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && access(path.c_str(), W_OK | X_OK) == 0;
}

}  // namespace

Status MakePrivateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return ErrnoStatus(errno, "making '" + path + "'");
  struct stat info;
  // lstat: in /tmp a symlink of somebody else's must not lead us elsewhere.
  if (lstat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "looking at '" + path + "'");
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 0077) != 0) {
    return Status(Code::kNotPermitted, "'" + path + "' is not a directory of this user alone (mode 0700): not used for keys");
  }
  return Status::Ok();
}

Result<std::string> FindAgentDirectory() {
  const std::string uid = std::to_string(geteuid());
  std::string directory = "/tmp/nacre-" + uid;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/' && IsDirectory(runtime)) {
    directory = std::string(runtime) + "/nacre";
  } else if (IsDirectory("/run/user/" + uid)) {
    directory = "/run/user/" + uid + "/nacre";
  }
  NACRE_RETURN_IF_ERROR(MakePrivateDirectory(directory));
  return directory;
}

std::string SocketPath(const std::string& directory) { return directory + "/agent.sock"; }
std::string LockPath(const std::string& directory) { return directory + "/agent.lock"; }

}  // namespace nacre::agent
