#include "common/runtime/server_process.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "common/runtime/log.h"
#include "common/runtime/open_files.h"
#include "common/runtime/signals.h"

namespace nacre {

void GetServerOptions(Config& config, ServerOptions* options) {
  config.Get("data_dir", &options->data_dir, "where the target keeps everything it has");
  config.Get("listen", &options->listen, "HOST:PORT to serve on");
  config.GetBool("insecure", &options->insecure, "may listen beyond loopback although there is no TLS yet");
  config.Get("log_level", &options->log_level, "trace, debug, info, warn, error");
}

int RunServer(int argc, char** argv, const ServerProgram& program) {
  RaiseOpenFileLimit();
  BlockStopSignals();
  Config config;
  Status status = config.LoadFlags(std::vector<std::string>(argv + 1, argv + argc));
  program.read_options(config);
  if (config.help_wanted()) {
    std::printf("%s: %s\n\n  --config FILE   options from a TOML file; every option is also a flag\n%s", program.name.c_str(),
                program.purpose.c_str(), config.Help().c_str());
    return 0;
  }
  if (config.version_wanted()) {
    std::printf("%s %s\n", program.name.c_str(), NACRE_VERSION);
    return 0;
  }
  if (status.ok()) status = config.Finish();
  if (!status.ok()) {
    std::fprintf(stderr, "%s: %s\n  try: %s --help\n", program.name.c_str(), status.message().c_str(), program.name.c_str());
    return 2;
  }
  status = program.run();
  if (!status.ok()) {
    std::fprintf(stderr, "%s: %s\n", program.name.c_str(), status.ToString().c_str());
    return status.code() == Code::kInvalid ? 2 : 1;
  }
  return 0;
}

void EndProcess(const Status& status) {
  spdlog::critical("ending: {}", status.ToString());
  spdlog::default_logger()->flush();
  std::_Exit(1);
}

}  // namespace nacre
