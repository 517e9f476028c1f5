#include "client/agent/agent_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "client/agent/agent_place.h"
#include "client/agent/agent_server.h"
#include "client/agent/core_dumps.h"

namespace nacre::agent {
namespace {

void Harden() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
  KeepOutOfCoreDumps();
  // Under a limit, locking everything would make later allocations fail; keys and messages are locked one by one anyway.
  rlimit locked{};
  const bool unlimited = getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == RLIM_INFINITY;
  if (unlimited || geteuid() == 0) mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

int StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// True in the process that is to serve.
Result<bool> Detach() {
  const pid_t child = fork();
  if (child < 0) return ErrnoStatus(errno, "starting the key agent's process");
  if (child > 0) return false;
  setsid();
  if (chdir("/") != 0) return ErrnoStatus(errno, "leaving the current directory");
  const int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2 && null >= 0; ++fd) dup2(null, fd);
  if (null > 2) close(null);
  return true;
}

Status WaitForExit(pid_t pid) {
  int how = 0;
  while (waitpid(pid, &how, 0) < 0) {
    if (errno != EINTR) return ErrnoStatus(errno, "waiting for the key agent to start");
  }
  if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return Status::Ok();
  return Status(Code::kUnavailable, "the key agent did not start");
}

}  // namespace

Status RunAgent(const AgentProcessOptions& options) {
  AgentServerOptions server_options{.directory = options.directory};
  if (server_options.directory.empty()) {
    Result<std::string> found = FindAgentDirectory();
    if (!found.ok()) return found.status();
    server_options.directory = *found;
  } else {
    NACRE_RETURN_IF_ERROR(MakePrivateDirectory(server_options.directory));
  }
  SystemClock clock;
  Result<AgentServer> server = AgentServer::Listen(server_options, clock);
  if (server.code() == Code::kBusy) return Status::Ok();
  if (!server.ok()) return server.status();
  if (!options.foreground) {
    const Result<bool> serving = Detach();
    if (!serving.ok()) return serving.status();
    if (!*serving) return Status::Ok();
  }
  Harden();  // locked memory is not inherited through fork, so only now
  const int stop_fd = StopSignals();
  const Status status = server->Run(stop_fd);
  close(stop_fd);
  return status;
}

Status StartAgent(const std::string& program) {
  std::vector<std::string> words{program, "agent"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> variables;
  for (const char* name : {"XDG_RUNTIME_DIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
  }
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);

  // Nothing of the starter stays open in the agent: a pipe it held would never end for who reads it.
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, 0, 2);
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
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, "starting the key agent '" + program + "'");
  return WaitForExit(pid);
}

}  // namespace nacre::agent
