#include "client/shell/per_path.h"

namespace nacre::shell {

int ForEachPath(CommandContext& context, const char* verb, const std::vector<std::string>& paths,
                const std::function<Status(Client&, const std::string& path)>& change) {
  // Paths that make no sense are found before anything is changed.
  std::vector<std::string> clean;
  for (const std::string& given : paths) {
    const Result<std::string> path = context.Path(given);
    if (!path.ok()) return context.Usage(path.status().message());
    clean.push_back(*path);
  }
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail(verb, paths.empty() ? "" : paths[0], client.status());
  int exit_code = kExitOk;
  for (size_t i = 0; i < clean.size(); ++i) {
    const Status status = change(**client, clean[i]);
    if (status.ok()) continue;
    const int code = context.Fail(verb, paths[i], status);
    if (exit_code == kExitOk) exit_code = code;
  }
  return exit_code;
}

}  // namespace nacre::shell
