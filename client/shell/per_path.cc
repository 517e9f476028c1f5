#include "client/shell/per_path.h"

namespace nacre::shell {
namespace {

// `work` answers an exit code, and has told what is wrong itself.
int ForEach(CommandContext& context, const char* verb, const std::vector<std::string>& paths,
            const std::function<int(Client&, const std::string& given, const std::string& path)>& work) {
  // Paths that make no sense are found before anything is changed.
  std::vector<std::string> clean;
  for (const std::string& given : paths) {
    const Result<std::string> path = context.PathToName(given);
    if (!path.ok()) return context.Usage(path.status().message());
    clean.push_back(*path);
  }
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail(verb, paths.empty() ? "" : paths[0], client.status());
  int exit_code = kExitOk;
  for (size_t i = 0; i < clean.size(); ++i) {
    const int code = work(**client, paths[i], clean[i]);
    if (exit_code == kExitOk) exit_code = code;
  }
  return exit_code;
}

}  // namespace

int ForEachPath(CommandContext& context, const char* verb, const std::vector<std::string>& paths,
                const std::function<Status(Client&, const std::string& path)>& change) {
  return ForEach(context, verb, paths, [&](Client& client, const std::string& given, const std::string& path) {
    const Status status = change(client, path);
    return status.ok() ? kExitOk : context.Fail(verb, given, status);
  });
}

int ForEachBelow(CommandContext& context, const char* verb, const std::vector<std::string>& paths, const WalkOptions& options,
                 const std::function<Status(Client&, const std::string& path, const FileInfo& info)>& change) {
  return ForEach(context, verb, paths, [&](Client& client, const std::string&, const std::string& path) {
    return Walk(context, verb, client, path, options,
                [&](const std::string& at, const FileInfo& info, int64_t) { return change(client, at, info); });
  });
}

}  // namespace nacre::shell
