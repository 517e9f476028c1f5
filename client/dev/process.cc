#include "client/dev/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

extern char** environ;

namespace nacre::dev {
namespace {

struct ProcStat {
  char state = 0;
  uint64_t start_ticks = 0;
};

ProcStat ReadStat(int64_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line);
  // The command stands in parentheses and may hold anything: what follows its last one is plain.
  const size_t close_parenthesis = line.rfind(')');
  if (close_parenthesis == std::string::npos) return {};
  std::istringstream fields(line.substr(close_parenthesis + 1));
  ProcStat stat;
  fields >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> stat.start_ticks;
  return stat;
}

}  // namespace

Result<ProcessId> StartDetached(const std::vector<std::string>& command, const std::string& log_path) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, "starting '" + command[0] + "'");
  return ProcessId{.pid = pid, .start_ticks = ReadStat(pid).start_ticks};
}

bool IsAlive(const ProcessId& process) {
  if (process.pid <= 1) return false;
  const ProcStat stat = ReadStat(process.pid);
  if (stat.state == 'Z') waitpid(static_cast<pid_t>(process.pid), nullptr, WNOHANG);  // ours, if we started it
  return stat.state != 0 && stat.state != 'Z' && stat.state != 'X' && stat.start_ticks == process.start_ticks;
}

Status StopAndWait(const ProcessId& process, int signal_number, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds kPause{10};
  if (!IsAlive(process)) return Status::Ok();
  if (kill(static_cast<pid_t>(process.pid), signal_number) != 0 && errno != ESRCH) {
    return ErrnoStatus(errno, "sending signal " + std::to_string(signal_number) + " to process " + std::to_string(process.pid));
  }
  for (std::chrono::milliseconds waited{0}; waited < limit; waited += kPause) {
    if (!IsAlive(process)) return Status::Ok();
    std::this_thread::sleep_for(kPause);
  }
  return Status(Code::kTimedOut, "process " + std::to_string(process.pid) + " did not end");
}

}  // namespace nacre::dev
