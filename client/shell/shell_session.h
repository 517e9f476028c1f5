// ShellSession: command lines one after another over one session with the filesystem, with a current directory. Built-in
// beyond the commands: cd, pwd, help, exit. One thread.
#pragma once

#include <string>
#include <vector>

#include "client/shell/command_context.h"
#include "client/shell/words.h"

namespace nacre::shell {

class ShellSession {
 public:
  // Options given to `nacre shell` hold for every line that does not say otherwise.
  ShellSession(const GlobalOptions& defaults, Streams& streams, ClientHolder& holder);
  ~ShellSession();

  // Every command of the text. Without keep_going it stops at the first that fails; answers its exit code.
  int RunText(std::string_view text, bool keep_going);
  bool ended() const { return ended_; }  // by exit

  // What word may become: commands, options, remote paths (directories with a slash). before: the words in front of it.
  std::vector<std::string> Complete(const Words& before, const std::string& word);
  const std::string& cwd() const { return holder_.cwd; }

 private:
  int RunCommand(const Words& words);
  int ChangeDirectory(const Words& words);
  std::vector<std::string> CompletePath(const std::string& word);

  const GlobalOptions defaults_;
  Streams& streams_;
  ClientHolder& holder_;
  bool ended_ = false;
};

// With a prompt, line editing and history; until exit or end of input. Answers the last command's exit code.
int RunInteractive(ShellSession& session, Streams& streams);

}  // namespace nacre::shell
