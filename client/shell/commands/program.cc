// shell, agent, completion, help: the program itself.
#include <istream>
#include <iterator>
#include <ostream>

#include "client/agent/agent_process.h"
#include "client/shell/app.h"
#include "client/shell/completion_script.h"
#include "client/shell/help.h"
#include "client/shell/shell_session.h"

namespace nacre::shell {
namespace {

struct ShellArguments {
  std::string text;
  bool has_text = false, keep_going = false;
};

// Line by line, so that what a line prints is there before the next is read.
int RunPiped(ShellSession& session, std::istream& in, bool keep_going) {
  int exit_code = kExitOk;
  for (std::string line; !session.ended() && std::getline(in, line);) {
    const int code = session.RunText(line, keep_going);
    if (exit_code == kExitOk) exit_code = code;
    if (code != kExitOk && !keep_going) break;
  }
  return exit_code;
}

int RunShell(CommandContext& context, const ShellArguments& a) {
  context.AnswersRaw();  // each of its lines answers for itself
  ShellSession session(context.options(), context.streams(), context.holder());
  if (a.has_text) return session.RunText(a.text, a.keep_going);
  if (context.streams().in_is_terminal) return RunInteractive(session, context.streams());
  return RunPiped(session, context.streams().in, a.keep_going);
}

int RunAgentCommand(CommandContext& context, bool foreground) {
  context.AnswersRaw();
  const Status status = agent::RunAgent({.foreground = foreground});
  return status.ok() ? kExitOk : context.Fail("run the key agent", "", status);
}

int RunHelp(CommandContext& context, const std::vector<std::string>& words) {
  CommandTree tree;
  CLI::App* command = tree.Find(words);
  if (command == nullptr) return context.Usage("help: no such command\n  try: nacre --help");
  context.AnswersRaw();
  context.out() << HelpPage(*command);
  return kExitOk;
}

int RunCompletion(CommandContext& context, const std::string& kind) {
  CommandTree tree;
  context.AnswersRaw();
  context.out() << (kind == "bash" ? BashCompletion(tree) : ZshCompletion(tree));
  return kExitOk;
}

}  // namespace

void AddProgramCommands(CommandTree& tree) {
  auto shell = std::make_shared<ShellArguments>();
  CLI::App* command = tree.Add("shell", "many commands in one session: typed, piped, or given with -c",
                               "nacre shell\nnacre shell -c 'cd /vault; ls -l; cat notes.txt'\nnacre shell < commands");
  CLI::Option* text = command->add_option("-c", shell->text, "the commands, parted by ;")->type_name("TEXT");
  command->add_flag("--keep-going", shell->keep_going, "go on after an error");
  tree.OnRun(command, [shell, text](CommandContext& context) {
    shell->has_text = text->count() > 0;
    return RunShell(context, *shell);
  });

  auto foreground = std::make_shared<bool>(false);
  command = tree.Add("agent", "the process that holds this user's unlocked keys; encrypt and unlock start it", "nacre agent --foreground");
  command->add_flag("--foreground", *foreground, "do not detach");
  tree.OnRun(command, [foreground](CommandContext& context) { return RunAgentCommand(context, *foreground); });

  auto kind = std::make_shared<std::string>();
  command = tree.Add("completion", "a completion script", "nacre completion bash > /usr/share/bash-completion/completions/nacre");
  command->add_option("SHELL", *kind, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  tree.OnRun(command, [kind](CommandContext& context) { return RunCompletion(context, *kind); });

  auto words = std::make_shared<std::vector<std::string>>();
  command = tree.Add("help", "help about a command, examples first", "nacre help put\nnacre help dev up");
  command->add_option("COMMAND", *words, "which");
  tree.OnRun(command, [words](CommandContext& context) { return RunHelp(context, *words); });
}

}  // namespace nacre::shell
