#include "client/shell/help.h"

#include <algorithm>
#include <utility>

#include "client/shell/app.h"
#include "client/shell/table.h"
#include "common/runtime/units_text.h"

namespace nacre::shell {

std::string Indented(const std::string& lines) {
  std::string out;
  for (char c : lines) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

CLI::App* CommandNamed(const CLI::App& below, const std::string& name) {
  for (const CLI::App* command : below.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return const_cast<CLI::App*>(command);  // CLI11 gives const ones to const callers only
  }
  return nullptr;
}

std::vector<std::string> CommandNames(const CLI::App& below) {
  std::vector<std::string> names;
  for (const CLI::App* command : below.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  return names;
}

namespace {

// Without options and the values of those that may stand in front of a command.
std::vector<std::string> PlainWords(const std::vector<std::string>& words) {
  std::vector<std::string> plain;
  bool is_value = false;  // of the option in front of it
  for (const std::string& word : words) {
    const bool taken = std::exchange(is_value, false);
    if (word.starts_with("-")) {
      is_value = word == "--config" || word == "--wait-timeout";
    } else if (!taken) {
      plain.push_back(word);
    }
  }
  return plain;
}

// The command the words name as far as they do.
CLI::App* DeepestCommand(CommandTree& tree, const std::vector<std::string>& words) {
  CLI::App* at = &tree.app();
  for (const std::string& word : PlainWords(words)) {
    CLI::App* next = CommandNamed(*at, word);
    if (next == nullptr) break;
    at = next;
  }
  return at;
}

std::string FullName(const CLI::App& command) {
  std::string name = command.get_name();
  for (const CLI::App* at = command.get_parent(); at != nullptr; at = at->get_parent()) name.insert(0, at->get_name() + " ");
  return name;
}

std::string Proposal(std::string_view word, const std::vector<std::string>& names) {
  const std::string_view nearest = word.size() > 2 ? NearestName(word, names) : std::string_view();
  return nearest.empty() ? std::string() : "; did you mean '" + std::string(nearest) + "'?";
}

// The first word that should have been a command and is none; empty: there is no such word.
std::string UnknownCommand(const CLI::App& command, CommandTree& tree, const std::vector<std::string>& words) {
  for (const std::string& word : PlainWords(words)) {
    if (tree.Find({word}) == nullptr && command.get_name() != word) return word;
  }
  return {};
}

}  // namespace

std::string Explain(const CLI::ParseError& error, CommandTree& tree, const std::vector<std::string>& words) {
  CLI::App* command = DeepestCommand(tree, words);
  const std::string full_name = FullName(*command);
  const std::string name = full_name == "nacre" ? "" : full_name.substr(6);
  const std::string see = "\n  try: " + (name.empty() ? "nacre --help" : "nacre help " + name);
  const std::string colon = name.empty() ? "" : name + ": ";
  const std::vector<std::string> below = CommandNames(*command);
  const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (!below.empty() && (extras || missing)) {
    const std::string unknown = UnknownCommand(*command, tree, words);
    if (!unknown.empty()) return colon + "unknown command '" + Printable(unknown) + "'" + Proposal(unknown, below) + see;
    if (missing) return colon + "a command is missing" + see;
  }
  if (extras) {
    const std::vector<std::string> known = OptionNames(*command);
    for (const std::string& word : words) {
      const std::string option = word.substr(0, word.find('='));
      if (option.size() < 2 || option[0] != '-' || std::find(known.begin(), known.end(), option) != known.end()) continue;
      std::string why = colon;
      why.append("unknown option ").append(Printable(option)).append(Proposal(option, known)).append(see);
      return why;
    }
  }
  return colon + Printable(error.what()) + see;
}

std::string HelpPage(CLI::App& command) {
  const std::string examples = command.get_footer();
  command.footer("");
  std::string page = command.get_parent() == nullptr ? command.help() : command.help(FullName(*command.get_parent()));
  command.footer(examples);
  return (examples.empty() ? std::string() : examples + "\n\n") + page;
}

}  // namespace nacre::shell
