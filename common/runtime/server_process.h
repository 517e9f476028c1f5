// What nacre-mds and nacre-oss have in common as processes: options, log, the end.
#pragma once

#include <functional>
#include <string>

#include "common/base/status.h"
#include "common/runtime/config.h"

namespace nacre {

struct ServerOptions {
  std::string data_dir;
  std::string listen;
  bool insecure = false;
  std::string log_level = "info";
};
void GetServerOptions(Config& config, ServerOptions* options);

// The frame of a server's main(): first things first, then reads flags and file, asks read_options for the rest of the
// options, answers --help and --version, and runs. run serves until it is told to stop. Answers the exit code: 0 stopped
// in order, 1 failed, 2 usage.
struct ServerProgram {
  std::string name;                                 // "nacre-mds"
  std::string purpose;                              // one line for --help
  std::function<void(Config&)> read_options;
  std::function<Status()> run;
};
int RunServer(int argc, char** argv, const ServerProgram& program);

// The handler for what a server must not survive (a failed sync): says why, ends the process without another write.
void EndProcess(const Status& status);

}  // namespace nacre
