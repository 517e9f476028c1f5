#include "client/dev/dev_cluster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/base/random.h"

namespace nacre::dev {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kStopLimit{30'000};
constexpr std::chrono::milliseconds kKillLimit{10'000};
constexpr std::chrono::milliseconds kProbePause{50};

Status MakeDirectories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? ErrnoStatus(error.value(), "making '" + path + "'") : Status::Ok();
}

// Free at this moment, and below the range from which the kernel takes ports for outgoing connections: a target that is
// stopped must find its port free when it starts again. All sockets stay open until every port is drawn.
Result<std::vector<uint16_t>> DrawFreePorts(size_t count) {
  constexpr uint16_t kPortFirst = 15'000, kPortCount = 17'000;
  constexpr int kTriesMax = 1000;
  SystemRandom random;
  std::vector<int> sockets;
  std::vector<uint16_t> ports;
  for (int tries = 0; tries < kTriesMax && ports.size() < count; ++tries) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) break;
    sockets.push_back(fd);
    const uint16_t port = static_cast<uint16_t>(kPortFirst + random.Below(kPortCount));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) ports.push_back(port);
  }
  for (int fd : sockets) close(fd);
  if (ports.size() < count) return Status(Code::kUnavailable, "no free ports on 127.0.0.1");
  return ports;
}

// TOML's basic string.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

Result<DevState> DevCluster::Plan() const {
  DevState state;
  const uint32_t osts = options_.osts.value_or(kOstsOfNewCluster);
  const Result<std::vector<uint16_t>> ports = DrawFreePorts(1 + osts);
  if (!ports.ok()) return ports.status();
  for (size_t i = 0; i <= osts; ++i) {
    const bool is_mdt = i == 0;
    const uint32_t index = is_mdt ? 0 : static_cast<uint32_t>(i - 1);
    state.targets.push_back({.name = (is_mdt ? "mdt" : "ost") + std::to_string(index),
                             .is_mdt = is_mdt,
                             .index = index,
                             .address = "127.0.0.1:" + std::to_string((*ports)[i])});
  }
  return state;
}

Status DevCluster::WriteConfigs(const DevState& state) const {
  NACRE_RETURN_IF_ERROR(MakeDirectories(directory_ + "/etc"));
  NACRE_RETURN_IF_ERROR(MakeDirectories(directory_ + "/log"));
  const std::string mds = state.targets.front().address;
  const std::string root = fs::absolute(directory_).lexically_normal().string();
  for (const Target& target : state.targets) {
    std::string text = "data_dir = " + Quoted(root + "/" + target.name) + "\nlisten = " + Quoted(target.address) + "\n";
    if (!target.is_mdt) {
      text += "index = " + std::to_string(target.index) + "\nmds = " + Quoted(mds) + "\n";
      if (options_.ost_capacity != 0) text += "capacity = " + std::to_string(options_.ost_capacity) + "\n";
    }
    NACRE_RETURN_IF_ERROR(ReplaceFile(directory_ + "/etc/" + target.name + ".toml", text));
  }
  return ReplaceFile(ClientConfig(), "mds = " + Quoted(mds) + "\n");
}

std::string DevCluster::LastLogLines(const std::string& name) const {
  constexpr size_t kLinesMax = 5;
  std::ifstream in(directory_ + "/log/" + name + ".log");
  std::deque<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
    if (lines.size() > kLinesMax) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? " '" : "', '") + line;
  if (!text.empty()) text += "'";
  return text;
}

Status DevCluster::Launch(DevState& state, Target& target) const {
  const std::string program = options_.programs + (target.is_mdt ? "/nacre-mds" : "/nacre-oss");
  const std::string config = fs::absolute(directory_ + "/etc/" + target.name + ".toml").string();
  if (!fs::exists(program)) return Status(Code::kNotFound, "the program '" + program + "' is missing");
  Result<ProcessId> started = StartDetached({program, "--config", config}, directory_ + "/log/" + target.name + ".log");
  if (!started.ok()) return started.status();
  target.process = *started;
  return StoreState(directory_, state);
}

Status DevCluster::WaitUntilServing(DevState& state, const std::vector<std::string>& names, const Probe& probe) const {
  const auto deadline = std::chrono::steady_clock::now() + options_.patience;
  std::vector<Target> asked;
  for (const std::string& name : names) asked.push_back(*state.Find(name));
  Status last;
  while (std::chrono::steady_clock::now() < deadline) {
    for (const Target& target : asked) {
      if (!IsAlive(target.process)) {
        return Status(Code::kUnavailable, target.name + " ended as soon as it started; its log ends with" + LastLogLines(target.name));
      }
    }
    Result<std::string> answer = probe(asked);
    if (answer.ok()) {
      if (!answer->empty()) state.fsid = *answer;
      return StoreState(directory_, state);
    }
    last = answer.status();
    std::this_thread::sleep_for(kProbePause);
  }
  std::string logs;
  for (const Target& target : asked) logs += "; the log of " + target.name + " ends with" + LastLogLines(target.name);
  return Status(Code::kUnavailable, "the cluster in '" + directory_ + "' is not ready: " + last.message() + logs);
}

Status DevCluster::Up(const Probe& probe) {
  NACRE_RETURN_IF_ERROR(MakeDirectories(directory_));
  const Result<DevLock> lock = DevLock::Take(directory_);
  if (!lock.ok()) return lock.status();
  Result<DevState> state = LoadState(directory_);
  if (state.code() == Code::kNotFound) {
    state = Plan();
    if (!state.ok()) return state.status();
    NACRE_RETURN_IF_ERROR(WriteConfigs(*state));
    NACRE_RETURN_IF_ERROR(StoreState(directory_, *state));
  }
  if (!state.ok()) return state.status();
  const size_t osts = state->targets.size() - 1;
  if (options_.osts.value_or(osts) != osts) {
    return Status(Code::kExists, "a cluster with " + std::to_string(osts) + " OSTs is there, and keeps them; leave --osts out");
  }
  std::vector<std::string> names;
  for (Target& target : state->targets) {
    names.push_back(target.name);
    if (!IsAlive(target.process)) NACRE_RETURN_IF_ERROR(Launch(*state, target));
  }
  return WaitUntilServing(*state, names, probe);
}

Result<std::vector<TargetState>> DevCluster::States() const {
  const Result<DevState> state = LoadState(directory_);
  if (!state.ok()) return state.status();
  std::vector<TargetState> states;
  for (const Target& target : state->targets) states.push_back({target, IsAlive(target.process) ? "up" : "down"});
  return states;
}

Status DevCluster::Start(const std::string& name, const Probe& probe) {
  Result<DevState> state = LoadState(directory_);
  if (!state.ok()) return state.status();
  const Result<DevLock> lock = DevLock::Take(directory_);
  if (!lock.ok()) return lock.status();
  Target* target = state->Find(name);
  if (target == nullptr) return Status(Code::kNotFound, "the cluster in '" + directory_ + "' has no target '" + name + "'");
  if (!IsAlive(target->process)) NACRE_RETURN_IF_ERROR(Launch(*state, *target));
  return WaitUntilServing(*state, {name}, probe);
}

Status DevCluster::End(const std::string& name, int signal_number) {
  Result<DevState> state = LoadState(directory_);
  if (!state.ok()) return state.status();
  const Result<DevLock> lock = DevLock::Take(directory_);
  if (!lock.ok()) return lock.status();
  Target* target = state->Find(name);
  if (target == nullptr) return Status(Code::kNotFound, "the cluster in '" + directory_ + "' has no target '" + name + "'");
  NACRE_RETURN_IF_ERROR(StopAndWait(target->process, signal_number, signal_number == SIGKILL ? kKillLimit : kStopLimit).With(name));
  target->process = {};
  return StoreState(directory_, *state);
}

Status DevCluster::Stop(const std::string& name) { return End(name, SIGTERM); }
Status DevCluster::Kill(const std::string& name) { return End(name, SIGKILL); }

Status DevCluster::Down(bool wipe) {
  Result<DevState> state = LoadState(directory_);
  if (!state.ok()) return state.status();
  {
    const Result<DevLock> lock = DevLock::Take(directory_);
    if (!lock.ok()) return lock.status();
    // OSTs first: at their end they still make stable and report what they hold, and for that want an MDT.
    for (auto target = state->targets.rbegin(); target != state->targets.rend(); ++target) {
      NACRE_RETURN_IF_ERROR(StopAndWait(target->process, SIGTERM, kStopLimit).With(target->name));
      target->process = {};
    }
    NACRE_RETURN_IF_ERROR(StoreState(directory_, *state));
  }
  if (!wipe) return Status::Ok();
  std::vector<std::string> made{"etc", "log", "client.toml", "dev.json", "dev.lock"};
  for (const Target& target : state->targets) made.push_back(target.name);
  for (const std::string& name : made) {
    std::error_code error;
    fs::remove_all(directory_ + "/" + name, error);
    if (error) return ErrnoStatus(error.value(), "removing '" + directory_ + "/" + name + "'");
  }
  std::error_code not_empty;  // then others' files lie there, and stay
  fs::remove(directory_, not_empty);
  return Status::Ok();
}

}  // namespace nacre::dev
