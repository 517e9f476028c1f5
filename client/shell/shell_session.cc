#include "client/shell/shell_session.h"

#include <algorithm>
#include <charconv>
#include <ostream>

#include "client/shell/app.h"
#include "client/shell/help.h"

namespace nacre::shell {

ShellSession::ShellSession(const GlobalOptions& defaults, Streams& streams, ClientHolder& holder)
    : defaults_(defaults), streams_(streams), holder_(holder) {
  holder_.in_shell = true;
}
ShellSession::~ShellSession() { holder_.in_shell = false; }

int ShellSession::RunText(std::string_view text, bool keep_going) {
  const Result<std::vector<Words>> commands = SplitCommands(text);
  if (!commands.ok()) {
    streams_.err << "nacre: " << commands.status().message() << "\n";
    return kExitUsage;
  }
  int exit_code = kExitOk;
  for (const Words& words : *commands) {
    const int code = RunCommand(words);
    if (exit_code == kExitOk) exit_code = code;
    if (ended_ || (code != kExitOk && !keep_going)) break;
  }
  return exit_code;
}

namespace {

Result<int> ExitWord(const Words& words) {
  int code = kExitOk;
  if (words.size() == 1) return code;
  const char* const end = words[1].data() + words[1].size();
  const auto [stopped, error] = std::from_chars(words[1].data(), end, code);
  const bool number = error == std::errc() && stopped == end && code >= 0 && code <= 255;
  return words.size() == 2 && number ? Result<int>(code) : Result<int>(Status(Code::kInvalid, "no exit code"));
}

}  // namespace

int ShellSession::RunCommand(const Words& words) {
  if (words[0] == "exit" || words[0] == "quit") {
    const Result<int> code = ExitWord(words);
    if (!code.ok()) {
      streams_.err << "nacre: exit: a number from 0 to 255\n";
      return kExitUsage;
    }
    ended_ = true;
    return *code;
  }
  if (words[0] == "cd") return ChangeDirectory(words);
  if (words[0] == "pwd") {
    streams_.out << holder_.cwd << "\n" << std::flush;
    return kExitOk;
  }
  if (words[0] == "shell") {
    streams_.err << "nacre: this is the shell\n";
    return kExitUsage;
  }
  return RunLine(words, streams_, holder_, defaults_);
}

int ShellSession::ChangeDirectory(const Words& words) {
  CommandContext context(defaults_, streams_, holder_);
  if (words.size() > 2) return context.Usage("cd: one directory");
  const std::string path = CleanPath(holder_.cwd, words.size() == 2 ? words[1] : "/");
  const Result<Client*> client = context.client();
  if (!client.ok()) return context.Fail("change to", path, client.status());
  const Result<FileInfo> info = (*client)->Stat(path, Client::Follow::kYes);
  if (!info.ok()) return context.Fail("change to", path, info.status());
  if (info->kind != FileKind::kDirectory) return context.Fail("change to", path, Status(Code::kNotDirectory, ""));
  holder_.cwd = path;
  return kExitOk;
}

std::vector<std::string> ShellSession::CompletePath(const std::string& word) {
  const Result<Client*> client = holder_.Get(defaults_);
  if (!client.ok()) return {};
  const size_t slash = word.rfind('/');
  const std::string shown = slash == std::string::npos ? std::string() : word.substr(0, slash + 1);
  const std::string begin = slash == std::string::npos ? word : word.substr(slash + 1);
  std::vector<std::string> found;
  const std::string directory = CleanPath(holder_.cwd, shown.empty() ? "." : shown);
  const Status listed = (*client)->List(directory, Client::Follow::kYes, [&](const std::vector<DirectoryEntry>& page) {
    for (const DirectoryEntry& entry : page) {
      if (!entry.name.starts_with(begin) || (begin.empty() && entry.name.starts_with("."))) continue;
      found.push_back(shown + entry.name + (entry.info.kind == FileKind::kDirectory ? "/" : ""));
    }
    return Status::Ok();
  });
  if (!listed.ok()) found.clear();  // nothing to propose is no error worth a line in the middle of typing
  return found;
}

std::vector<std::string> ShellSession::Complete(const Words& before, const std::string& word) {
  CommandTree tree;
  CLI::App* command = &tree.app();
  for (const std::string& earlier : before) {
    CLI::App* next = CommandNamed(*command, earlier);
    if (next == nullptr) break;
    command = next;
  }
  std::vector<std::string> candidates;
  if (word.starts_with("-")) {
    candidates = OptionNames(*command);
  } else if (!CommandNames(*command).empty()) {
    candidates = CommandNames(*command);
    if (before.empty()) candidates.insert(candidates.end(), {"cd", "pwd", "exit"});
  } else {
    candidates = CompletePath(word);
  }
  std::erase_if(candidates, [&](const std::string& candidate) { return !candidate.starts_with(word); });
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

}  // namespace nacre::shell
