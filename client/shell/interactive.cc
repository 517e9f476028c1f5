// The prompt: line editing, history and completion by libedit. Its callbacks carry no argument, hence the one static.
#include <editline/readline.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <ostream>

#include "client/shell/shell_session.h"

namespace nacre::shell {
namespace {

constexpr int kHistoryLinesMax = 2000;

ShellSession* prompting = nullptr;

// Empty: there is no place for one. The file is the user's alone.
std::string HistoryPath() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::string directory;
  if (state != nullptr && state[0] == '/') directory = std::string(state) + "/nacre";
  else if (home != nullptr && home[0] == '/') directory = std::string(home) + "/.local/state/nacre";
  else return {};
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = directory + "/history";
  const int fd = error ? -1 : open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return {};
  fchmod(fd, 0600);
  close(fd);
  return path;
}

// As libedit wants it: the common beginning first, then all, ended by null; each string and the list from malloc.
// It replaces the line from start on, which may lie inside a word with escaped blanks.
char** CompleteAt(const char*, int start, int end) {
  rl_attempted_completion_over = 1;  // never propose local file names
  const std::string line(rl_line_buffer, static_cast<size_t>(end));
  const TypedLine typed = ReadTyped(line);
  const size_t place = static_cast<size_t>(start);
  if (place < typed.word_begin) return nullptr;
  const std::string kept = line.substr(typed.word_begin, place - typed.word_begin);
  std::vector<std::string> found;
  for (const std::string& word : prompting->Complete(typed.before, typed.word)) {
    const std::string form = TypedForm(word, typed.quote);
    if (form.size() > kept.size() && form.starts_with(kept)) found.push_back(form.substr(kept.size()));
  }
  if (found.empty()) return nullptr;
  std::string common = found[0];
  for (const std::string& candidate : found) {
    while (!candidate.starts_with(common)) common.pop_back();
  }
  char** list = static_cast<char**>(std::calloc(found.size() + 2, sizeof(char*)));
  list[0] = strdup(common.c_str());
  for (size_t i = 0; i < found.size(); ++i) list[i + 1] = strdup(found[i].c_str());
  rl_completion_append_character = 0;  // none
  if (found.size() == 1 && !common.ends_with('/')) rl_completion_append_character = ' ';
  return list;
}

}  // namespace

int RunInteractive(ShellSession& session, Streams& streams) {
  prompting = &session;
  rl_readline_name = const_cast<char*>("nacre");
  rl_attempted_completion_function = CompleteAt;
  using_history();
  stifle_history(kHistoryLinesMax);
  const std::string history = HistoryPath();
  if (!history.empty()) read_history(history.c_str());
  int exit_code = kExitOk;
  while (!session.ended()) {
    streams.out.flush();
    const std::string prompt = "nacre:" + session.cwd() + "> ";
    char* typed = readline(prompt.c_str());
    if (typed == nullptr) {
      streams.out << "\n";
      break;
    }
    const std::string line = typed;
    std::free(typed);
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    if (!BearsSecret(line)) {
      add_history(line.c_str());
      if (!history.empty()) write_history(history.c_str());
    }
    exit_code = session.RunText(line, false);
  }
  prompting = nullptr;
  return exit_code;
}

}  // namespace nacre::shell
