// Words about commands: explanations of parse errors with the nearest name, indented examples, help pages.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace nacre::shell {

class CommandTree;

std::string Indented(const std::string& lines);  // by two blanks, from the second line on
// "unknown command 'sl'; did you mean 'ls'?", "ls: unknown option --lnog; …", else what CLI11 says.
std::string Explain(const CLI::ParseError& error, CommandTree& tree, const std::vector<std::string>& words);
std::string HelpPage(CLI::App& command);         // examples first
CLI::App* CommandNamed(const CLI::App& below, const std::string& name);  // nullptr: there is none
std::vector<std::string> CommandNames(const CLI::App& below);
std::vector<std::string> OptionNames(const CLI::App& command);  // "--json", "-l", those of its parents too

}  // namespace nacre::shell
