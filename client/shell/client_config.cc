#include "client/shell/client_config.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/runtime/config.h"

namespace nacre::shell {

std::string OwnProgram() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : path.string();
}

std::string OwnProgramDirectory() { return std::filesystem::path(OwnProgram()).parent_path().string(); }

Result<ClientOptions> ReadClientConfig(const std::string& path) {
  Config config;
  // kNotFound is for what lies in the filesystem: a script must not take a missing configuration for a missing file.
  const Status loaded = config.LoadFile(path);
  if (!loaded.ok()) return Status(Code::kInvalid, loaded.message());
  ClientOptions options;
  std::chrono::nanoseconds wait_timeout = options.wait_timeout;
  config.Get("mds", &options.mds_address);
  config.GetDuration("wait_timeout", &wait_timeout);
  NACRE_RETURN_IF_ERROR(config.Finish());
  options.wait_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(wait_timeout);
  if (options.mds_address.empty()) return Status(Code::kInvalid, path + ": mds = \"HOST:PORT\" is missing");
  return options;
}

Result<ClientOptions> FindClientOptions(const std::string& config_flag) {
  std::string path = config_flag;
  auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (path.empty()) path = variable("NACRE_CONFIG");
  if (path.empty()) {
    std::string home = variable("XDG_CONFIG_HOME");
    if (home.empty() && !variable("HOME").empty()) home = variable("HOME") + "/.config";
    const std::string of_user = home + "/nacre/client.toml", of_machine = "/etc/nacre/client.toml";
    std::error_code ignored;
    if (!home.empty() && std::filesystem::exists(of_user, ignored)) {
      path = of_user;
    } else if (std::filesystem::exists(of_machine, ignored)) {
      path = of_machine;
    } else {
      return Status(Code::kInvalid, "no cluster is configured: name one with --config FILE or $NACRE_CONFIG, or write " +
                                        of_user + " (nacre dev up DIR makes a cluster and DIR/client.toml)");
    }
  }
  Result<ClientOptions> options = ReadClientConfig(path);
  if (!options.ok()) return options.status();
  options->agent_program = OwnProgram();
  options->client_name = "nacre " + std::to_string(getpid());
  return options;
}

}  // namespace nacre::shell
