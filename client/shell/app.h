// The command tree, built anew for each line (CLI11 keeps what it parsed), and how one line runs: for the program, for the
// shell, for tests. Each file of commands/ adds one family.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/shell/command_context.h"

namespace nacre::shell {

class CommandTree {
 public:
  using Action = std::function<int(CommandContext&)>;

  CommandTree();
  CommandTree(const CommandTree&) = delete;
  CommandTree& operator=(const CommandTree&) = delete;

  // examples: lines that start with "nacre ", shown first by `nacre help NAME`.
  CLI::App* Add(const std::string& name, const std::string& does, const std::string& examples = {}, CLI::App* below = nullptr);
  void OnRun(CLI::App* command, Action action);

  CLI::App& app() { return app_; }
  const CLI::App& app() const { return app_; }
  GlobalOptions& globals() { return globals_; }
  // Throws CLI::ParseError.
  void Parse(const std::vector<std::string>& words);
  const Action& chosen() const { return chosen_; }
  // Of "dev up", found by its words; nullptr: no such command.
  CLI::App* Find(const std::vector<std::string>& words);

 private:
  void AddGlobals();

  CLI::App app_;
  GlobalOptions globals_;
  Action chosen_;
};

void AddListCommands(CommandTree& tree);        // ls stat find du
void AddContentCommands(CommandTree& tree);     // cat read write truncate punch touch
void AddCopyCommands(CommandTree& tree);        // put get cp mv
void AddTreeCommands(CommandTree& tree);        // mkdir rm rmdir ln readlink
void AddAttributeCommands(CommandTree& tree);   // chmod chown setfattr getfattr
void AddLayoutCommands(CommandTree& tree);      // setstripe getstripe path2fid fid2path
void AddEncryptionCommands(CommandTree& tree);  // encrypt unlock lock key debug
void AddClusterCommands(CommandTree& tree);     // df status ping stats
void AddFsckCommands(CommandTree& tree);         // fsck
void AddMeasureCommands(CommandTree& tree);     // bench speed
void AddDevCommands(CommandTree& tree);         // dev
void AddProgramCommands(CommandTree& tree);     // shell agent completion help

// Parses and runs one line (without the program's name); answers its exit code. --stats is printed here. defaults: what
// global options hold where the line does not say.
int RunLine(const std::vector<std::string>& words, Streams& streams, ClientHolder& holder, const GlobalOptions& defaults);

}  // namespace nacre::shell
