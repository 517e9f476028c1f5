#include "client/shell/help.h"

#include <algorithm>

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

// The command the words name as far as they do, and how many of them that took.
std::pair<CLI::App*, size_t> DeepestCommand(CommandTree& tree, const std::vector<std::string>& words) {
  CLI::App* at = &tree.app();
  size_t used = 0;
  for (const std::string& word : words) {
    CLI::App* next = CommandNamed(*at, word);
    if (next != nullptr) at = next;
    ++used;
    if (next == nullptr && !word.starts_with("-")) break;
  }
  return {at, used};
}

std::string FullName(const CLI::App& command) {
  std::string name = command.get_name();
  for (const CLI::App* at = command.get_parent(); at != nullptr; at = at->get_parent()) name = at->get_name() + " " + name;
  return name;
}

std::string Proposal(std::string_view word, const std::vector<std::string>& names) {
  const std::string_view nearest = NearestName(word, names);
  return nearest.empty() ? std::string() : "; did you mean '" + std::string(nearest) + "'?";
}

}  // namespace

std::string Explain(const CLI::ParseError& error, CommandTree& tree, const std::vector<std::string>& words) {
  CLI::App* command = DeepestCommand(tree, words).first;
  const std::string name = FullName(*command);
  const std::string see = "\n  try: " + (name == "nacre" ? "nacre --help" : "nacre help" + name.substr(5));
  const std::vector<std::string> below = CommandNames(*command);
  if (!below.empty()) {
    for (const std::string& word : words) {
      if (word.starts_with("-") || tree.Find({word}) != nullptr || command->get_name() == word) continue;
      return "unknown command '" + Printable(word) + "'" + Proposal(word, below) + see;
    }
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return name + ": a command is missing" + see;
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> known = OptionNames(*command);
    for (const std::string& word : words) {
      const std::string option = word.substr(0, word.find('='));
      if (option.size() < 2 || option[0] != '-' || std::find(known.begin(), known.end(), option) != known.end()) continue;
      return name + ": unknown option " + Printable(option) + Proposal(option, known) + see;
    }
  }
  return name + ": " + Printable(error.what()) + see;
}

std::string HelpPage(CLI::App& command) {
  const std::string examples = command.get_footer();
  command.footer("");
  std::string page = command.help();
  command.footer(examples);
  return (examples.empty() ? std::string() : examples + "\n\n") + page;
}

}  // namespace nacre::shell
