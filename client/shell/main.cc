// nacre: the one command. main only wires: streams, the connection, one command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <iostream>

#include "client/agent/core_dumps.h"
#include "client/shell/app.h"
#include "common/runtime/open_files.h"

namespace {

unsigned TerminalWidth() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

int main(int argc, char** argv) {
  nacre::agent::KeepOutOfCoreDumps();
  nacre::RaiseOpenFileLimit();  // trees: a command has many files and directories open at once
  // Names are UTF-8 whatever the environment says: without this a table would show them as \xNN.
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  nacre::shell::Streams streams{.in = std::cin,
                                .out = std::cout,
                                .err = std::cerr,
                                .in_is_terminal = isatty(STDIN_FILENO) == 1,
                                .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                                .err_is_terminal = isatty(STDERR_FILENO) == 1,
                                .width = TerminalWidth()};
  nacre::shell::ClientHolder holder(&nacre::Client::Connect);
  int exit_code = nacre::shell::RunLine({argv + 1, argv + argc}, streams, holder, {});
  const nacre::Status status = holder.Disconnect();
  if (!status.ok() && exit_code == nacre::shell::kExitOk) {
    std::cerr << "nacre: cannot close the session: " << status.ToString() << "\n";
    exit_code = nacre::shell::ExitCodeOf(status.code());
  }
  return exit_code;
}
