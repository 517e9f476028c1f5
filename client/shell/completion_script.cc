#include "client/shell/completion_script.h"

#include "client/shell/app.h"
#include "client/shell/help.h"

namespace nacre::shell {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// One case of the script's table for a command and each below it; path: "nacre dev up".
void AppendCases(const CLI::App& command, const std::string& path, std::string& out) {
  out += "    '" + path + "') commands='" + Joined(CommandNames(command)) + "' options='" + Joined(OptionNames(command)) + "' ;;\n";
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) AppendCases(*below, path + " " + below->get_name(), out);
  }
}

}  // namespace

std::string BashCompletion(CommandTree& tree) {
  std::string out =
      "# bash completion of nacre, made by `nacre completion bash`\n"
      "_nacre_words() {\n"
      "  case \"$1\" in\n";
  AppendCases(tree.app(), "nacre", out);
  out +=
      "    *) return 1 ;;\n"
      "  esac\n"
      "}\n"
      "_nacre() {\n"
      "  local commands='' options='' path=nacre current=\"${COMP_WORDS[COMP_CWORD]}\" i\n"
      "  _nacre_words \"$path\"\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    if _nacre_words \"$path ${COMP_WORDS[i]}\"; then path=\"$path ${COMP_WORDS[i]}\"; fi\n"
      "  done\n"
      "  _nacre_words \"$path\"\n"
      "  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
      "  elif [[ -n $commands ]]; then COMPREPLY=($(compgen -W \"$commands\" -- \"$current\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
      "}\n"
      "complete -o filenames -F _nacre nacre\n";
  return out;
}

std::string ZshCompletion(CommandTree& tree) {
  return "#compdef nacre\nautoload -U +X bashcompinit && bashcompinit\n" + BashCompletion(tree);
}

}  // namespace nacre::shell
