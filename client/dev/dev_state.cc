#include "client/dev/dev_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

namespace nacre::dev {
namespace {

std::string StatePath(const std::string& directory) { return directory + "/dev.json"; }

// The file is ours alone: written by StoreState, read here. One target a line keeps reading it simple.
Result<Target> ParseTarget(const std::string& line, const std::string& path) {
  char name[16] = {}, address[64] = {};
  long long pid = 0;
  unsigned long long start = 0;
  const int fields = std::sscanf(line.c_str(), " {\"name\":\"%15[a-z0-9]\",\"address\":\"%63[^\"]\",\"pid\":%lld,\"start\":%llu}",
                                 name, address, &pid, &start);
  Target target{.name = name, .address = address, .process = {.pid = pid, .start_ticks = start}};
  target.is_mdt = target.name.starts_with("mdt");
  if (fields != 4 || (!target.is_mdt && !target.name.starts_with("ost")) ||
      std::sscanf(name + 3, "%u", &target.index) != 1) {
    return Status(Code::kInvalid, "'" + path + "' is damaged: " + line);
  }
  return target;
}

}  // namespace

Target* DevState::Find(std::string_view name) {
  for (Target& target : targets) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

Result<DevState> LoadState(const std::string& directory) {
  const std::string path = StatePath(directory);
  std::ifstream in(path);
  if (!in) return Status(Code::kNotFound, "'" + directory + "' holds no cluster");
  DevState state;
  std::string line;
  while (std::getline(in, line)) {
    char fsid[65] = {};
    if (std::sscanf(line.c_str(), "{\"fsid\":\"%64[0-9a-f]\"", fsid) == 1) state.fsid = fsid;
    if (line.find("{\"name\"") == std::string::npos) continue;
    Result<Target> target = ParseTarget(line, path);
    if (!target.ok()) return target.status();
    state.targets.push_back(std::move(target).value());
  }
  if (state.targets.empty()) return Status(Code::kInvalid, "'" + path + "' names no target");
  return state;
}

Status StoreState(const std::string& directory, const DevState& state) {
  std::ostringstream out;
  out << "{\"fsid\":\"" << state.fsid << "\",\"targets\":[\n";
  for (size_t i = 0; i < state.targets.size(); ++i) {
    const Target& target = state.targets[i];
    out << " {\"name\":\"" << target.name << "\",\"address\":\"" << target.address << "\",\"pid\":" << target.process.pid
        << ",\"start\":" << target.process.start_ticks << "}" << (i + 1 < state.targets.size() ? "," : "") << "\n";
  }
  out << "]}\n";
  return ReplaceFile(StatePath(directory), out.str());
}

Status ReplaceFile(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  std::ofstream out(beside, std::ios::trunc | std::ios::binary);
  out << text;
  out.close();
  if (!out) return Status(Code::kIo, "writing '" + beside + "' failed");
  if (std::rename(beside.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, "putting '" + path + "' in place");
  return Status::Ok();
}

Result<DevLock> DevLock::Take(const std::string& directory) {
  const std::string path = directory + "/dev.lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "opening '" + path + "'");
  if (flock(fd, LOCK_EX) != 0) {
    const int error = errno;
    close(fd);
    return ErrnoStatus(error, "locking '" + path + "'");
  }
  return DevLock(fd);
}

DevLock::DevLock(DevLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
DevLock::~DevLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace nacre::dev
