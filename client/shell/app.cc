#include "client/shell/app.h"

#include <algorithm>
#include <map>
#include <ostream>

#include "client/shell/help.h"
#include "client/shell/json.h"
#include "common/runtime/units_text.h"
#include "results.pb.h"

namespace nacre::shell {

CommandTree::CommandTree() : app_("Nacre: a distributed filesystem whose clients encrypt", "nacre") {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", "nacre " NACRE_VERSION);
  app_.footer("nacre help COMMAND shows examples. Which cluster: --config FILE, else $NACRE_CONFIG, else the configuration's places.");
  AddGlobals();
  AddListCommands(*this);
  AddContentCommands(*this);
  AddCopyCommands(*this);
  AddTreeCommands(*this);
  AddAttributeCommands(*this);
  AddLayoutCommands(*this);
  AddEncryptionCommands(*this);
  AddClusterCommands(*this);
  AddFsckCommands(*this);
  AddMeasureCommands(*this);
  AddDevCommands(*this);
  AddProgramCommands(*this);
}

void CommandTree::AddGlobals() {
  const std::string group = "For every command";
  app_.add_option("--config", globals_.config, "client configuration: which cluster")->type_name("FILE")->group(group);
  app_.add_flag("--json", globals_.json, "answer as one JSON object")->group(group);
  app_.add_option_function<std::string>(
          "--wait-timeout",
          [this](const std::string& text) {
            const auto duration = ParseDuration(text);
            if (!duration.has_value()) throw CLI::ValidationError("--wait-timeout", "'" + text + "' is no duration such as 500ms, 30s, 2m");
            globals_.wait_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
          },
          "how long to wait for a server (default 60s)")
      ->type_name("DUR")
      ->group(group);
  app_.add_flag("--stats", globals_.stats, "afterwards, the RPC counts by operation as JSON on stderr")->group(group);
  app_.add_flag("--no-color", globals_.no_color, "no colour (as NO_COLOR)")->group(group);
  app_.add_flag("-q,--quiet", globals_.quiet, "no hints, notes or progress")->group(group);
  app_.add_flag("-v,--verbose", globals_.verbose, "say more")->group(group);
}

namespace {

constexpr char kNoList = '\0';  // at the end of a word; no word of a command line has one

void TakeMarksOff(CLI::App& app) {
  const auto take_off = [](std::string word) {
    if (word.ends_with(kNoList)) word.pop_back();
    return word;
  };
  for (CLI::Option* option : app.get_options()) option->transform(take_off);
  for (CLI::App* command : app.get_subcommands({})) TakeMarksOff(*command);
}

}  // namespace

CLI::App* CommandTree::Add(const std::string& name, const std::string& does, const std::string& examples, CLI::App* below) {
  CLI::App* command = (below == nullptr ? &app_ : below)->add_subcommand(name, does);
  command->fallthrough();  // global options may stand behind the command as well
  if (!examples.empty()) command->footer("Examples:\n  " + Indented(examples));
  return command;
}

void CommandTree::OnRun(CLI::App* command, Action action) {
  command->callback([this, action = std::move(action)] { chosen_ = action; });
}

void CommandTree::Parse(const std::vector<std::string>& words) {
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants it
  // CLI11 takes "[a,b]" for a list of two; here it is a name like any other.
  bool marked = false;
  for (std::string& word : reversed) {
    if (!word.starts_with('[') || !word.ends_with(']')) continue;
    word += kNoList;
    marked = true;
  }
  if (marked) TakeMarksOff(app_);
  app_.parse(reversed);
}

CLI::App* CommandTree::Find(const std::vector<std::string>& words) {
  CLI::App* at = &app_;
  for (const std::string& word : words) {
    at = CommandNamed(*at, word);
    if (at == nullptr) return nullptr;
  }
  return at;
}

namespace {

using Counts = std::map<std::string, uint64_t>;

Counts CountsOf(ClientHolder& holder) {
  Counts counts;
  if (holder.connected() == nullptr) return counts;
  for (const OperationStats& operation : holder.connected()->Stats()) counts[operation.operation] = operation.calls;
  return counts;
}

// What this line added to the session's counts.
void PrintStats(ClientHolder& holder, Counts& before, Streams& streams) {
  results::RpcCounts message;
  for (const auto& [operation, calls] : CountsOf(holder)) {
    if (calls > before[operation]) (*message.mutable_rpcs())[operation] = calls - before[operation];
  }
  streams.err << ToJson(message) << "\n";
}

// find(1) writes its long options with one dash; chmod(1) takes "-x" for a mode.
std::vector<std::string> Normalised(const CommandTree& tree, std::vector<std::string> words) {
  const auto is_command = [&](const std::string& word) { return CommandNamed(tree.app(), word) != nullptr; };
  const auto command = std::find_if(words.begin(), words.end(), is_command);
  if (command == words.end()) return words;
  const std::string& name = *command;
  for (auto word = command + 1; name == "chmod" && word != words.end(); ++word) {
    const bool mode = word->size() > 1 && word->front() == '-' && word->find_first_not_of("rwxXst", 1) == std::string::npos;
    if (mode) word->insert(0, "+,");  // nothing added, then this
  }
  for (auto word = command + 1; name == "find" && word != words.end(); ++word) {
    if (*word == "-name" || *word == "-type" || *word == "-maxdepth") word->insert(0, "-");
  }
  return words;
}

// CLI11 ends a parse with an exception: of an error, or of --help and --version.
int EndOfParse(const CLI::ParseError& error, CommandTree& tree, const std::vector<std::string>& words, Streams& streams) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    tree.app().exit(error, streams.out, streams.err);
    return kExitOk;
  }
  streams.err << "nacre: " << Explain(error, tree, words) << "\n";
  return kExitUsage;
}

}  // namespace

int RunLine(const std::vector<std::string>& given, Streams& streams, ClientHolder& holder, const GlobalOptions& defaults) {
  CommandTree tree;
  const std::vector<std::string> words = Normalised(tree, given);
  tree.globals() = defaults;
  Counts before = CountsOf(holder);
  try {
    tree.Parse(words);
  } catch (const CLI::ParseError& error) {
    return EndOfParse(error, tree, words, streams);
  }
  CommandContext context(tree.globals(), streams, holder);
  int exit_code = tree.chosen() ? tree.chosen()(context) : kExitUsage;
  // Exit 0 promises that the changes are stable; a shell promises it for each of its lines.
  if (holder.connected() != nullptr) {
    const Status committed = holder.connected()->Commit();
    if (!committed.ok() && exit_code == kExitOk) exit_code = context.Fail("make the changes stable", "", committed);
  }
  context.AnswerOutcome();
  if (tree.globals().stats) PrintStats(holder, before, streams);
  streams.out.flush();
  if (!streams.out && exit_code == kExitOk) {
    streams.err << "nacre: cannot write the result: standard output takes no more\n";
    exit_code = kExitError;
  }
  return exit_code;
}

}  // namespace nacre::shell
