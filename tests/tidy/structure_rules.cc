#include "tests/tidy/structure_rules.h"

#include <fnmatch.h>

#include <algorithm>
#include <regex>

namespace nacre::tidy {
namespace {

// The head of a brace is what stands between it and the ';', '{' or '}' before it.
bool OpensScope(const std::string& head) {
  static const std::regex kScope(R"(^\s*(template\s*<[^{]*>\s*)?(inline\s+)?(namespace|class|struct|union|enum|extern)\b)");
  return std::regex_search(head, kScope);
}
bool OpensFunction(const std::string& head) { return head.find('(') != std::string::npos && head.find('=') != 0; }

struct OpenBrace {
  size_t head;
  bool function;
};

std::vector<std::string> MatchesOf(std::string_view text, const std::regex& pattern, int group) {
  std::vector<std::string> all;
  for (std::cregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) all.push_back((*at)[group]);
  return all;
}

std::vector<std::string> ExpandBraces(const std::string& name) {
  const size_t open = name.find('{');
  const size_t close = name.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {name};
  std::vector<std::string> all;
  for (size_t begin = open + 1; begin <= close;) {
    const size_t end = std::min(name.find(',', begin), close);
    for (const std::string& rest : ExpandBraces(name.substr(close + 1))) {
      all.push_back(name.substr(0, open) + name.substr(begin, end - begin) + rest);
    }
    begin = end + 1;
  }
  return all;
}

}  // namespace

Faults CheckFileLength(const SourceFile& file) {
  static constexpr std::string_view kEndings[] = {".cc", ".h", ".proto", ".py", ".sh", ".cmake"};
  if (std::none_of(std::begin(kEndings), std::end(kEndings), [&](auto ending) { return EndsWith(file.path, ending); })) return {};
  const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
  if (lines <= kFileLinesMax) return {};
  return {file.path + ": " + std::to_string(lines) + " lines: more than one idea?"};
}

Faults CheckFunctionLengths(const SourceFile& file) {
  if (!IsCpp(file.path)) return {};
  const int lines_max = IsProduct(file.path) ? kFunctionLinesMax : kTestFunctionLinesMax;
  // A preprocessor line has no ';' of its own and would stand in the head of what follows.
  const std::string code = std::regex_replace(CodeOnly(file.text), std::regex(R"(#[^\n]*)"), "");
  std::vector<OpenBrace> open;
  size_t inside_function = 0;
  size_t head = 0;
  Faults faults;
  for (size_t at = 0; at < code.size(); ++at) {
    if (code[at] == '{') {
      head = std::min(code.find_first_not_of(" \t\n", head), at);
      const std::string text = code.substr(head, at - head);
      const bool function = inside_function == 0 && !OpensScope(text) && OpensFunction(text);
      open.push_back({head, function});
      inside_function += function ? 1 : 0;
    } else if (code[at] == '}' && !open.empty()) {
      const OpenBrace brace = open.back();
      open.pop_back();
      if (brace.function) {
        --inside_function;
        const int first = LineOf(code, brace.head);
        const int lines = LineOf(code, at) - first + 1;
        if (lines > lines_max) {
          faults.push_back(file.path + ":" + std::to_string(first) + ": a function of " + std::to_string(lines) + " lines");
        }
      }
    }
    if (code[at] == '{' || code[at] == '}' || code[at] == ';') head = at + 1;
  }
  return faults;
}

Faults CheckHeader(const SourceFile& file) {
  if (!EndsWith(file.path, ".h")) return {};
  Faults faults;
  if (file.text.find("#pragma once\n") == std::string::npos) faults.push_back(file.path + ":1: no #pragma once");
  if (!StartsWith(file.text, "// ")) faults.push_back(file.path + ":1: does not open with what it is");
  return faults;
}

std::vector<std::string> MaintainerPatterns(std::string_view maintainers) {
  std::vector<std::string> patterns;
  for (const std::string& line : SplitLines(maintainers)) {
    if (!StartsWith(line, "F:")) continue;
    for (const std::string& pattern : SplitWords(line.substr(2))) patterns.push_back(pattern);
  }
  return patterns;
}

bool MatchesPattern(std::string_view path, std::string_view pattern) {
  if (EndsWith(pattern, "/")) return StartsWith(path, pattern);
  return fnmatch(std::string(pattern).c_str(), std::string(path).c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

std::vector<std::string> FilesNamedIn(std::string_view document) {
  static const std::regex kName(R"(([\w.-]+(?:/[\w.{},-]+)+\.(?:cc|h|proto|md|txt|sh|py|toml|yml|cmake|json))\b)");
  std::vector<std::string> files;
  for (const std::string& name : MatchesOf(document, kName, 1)) {
    for (const std::string& file : ExpandBraces(name)) files.push_back(file);
  }
  return files;
}

Faults CheckPromises(std::string_view promises, const std::set<std::string>& tests) {
  static const std::regex kTicked("`([^`]+)`");
  Faults faults;
  std::set<std::string> seen;
  for (const std::string& line : SplitLines(promises)) {
    if (!std::regex_search(line, std::regex(R"(^\|\s*P\d+\b)"))) continue;
    std::vector<std::string> cells;
    for (size_t begin = 1; begin < line.size();) {
      const size_t end = std::min(line.find('|', begin), line.size());
      cells.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    const std::string name = SplitWords(cells[0]).at(0);
    seen.insert(name);
    if (cells.size() < 4) {
      faults.push_back(name + ": a row is | name | promise | mechanism | test |");
      continue;
    }
    const std::vector<std::string> named = MatchesOf(cells[3], kTicked, 1);
    if (named.empty() && cells[3].find("not yet") == std::string::npos) faults.push_back(name + ": names no test, nor says not yet");
    for (const std::string& test : named) {
      if (!tests.contains(test)) faults.push_back(std::string(name).append(": there is no test ").append(test));
    }
  }
  for (int number = 1; number <= 10; ++number) {
    const std::string name = "P" + std::to_string(number);
    if (!seen.contains(name)) faults.push_back(name + ": has no row");
  }
  return faults;
}

std::set<std::string> TestsOf(const SourceFile& file) {
  static const std::regex kTest(R"(\b(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\))");
  std::set<std::string> tests;
  for (std::sregex_iterator at(file.text.begin(), file.text.end(), kTest), end; at != end; ++at) {
    tests.insert(at->str(1) + "." + at->str(2));
  }
  return tests;
}

std::set<std::string> OptionsAskedFor(std::string_view cpp) {
  static const std::regex kGet(R"re(\bconfig\.Get\w*\(\s*"([a-z_]+)")re");
  const std::vector<std::string> keys = MatchesOf(cpp, kGet, 1);
  return {keys.begin(), keys.end()};
}

std::set<std::string> KeysOfToml(std::string_view toml) {
  static const std::regex kKey(R"(^(?:# )?([a-z_]+) = )");
  std::set<std::string> keys;
  for (const std::string& line : SplitLines(toml)) {
    std::smatch found;
    if (std::regex_search(line, found, kKey)) keys.insert(found[1]);
  }
  return keys;
}

std::set<std::string> FriendsOf(std::string_view class_text) {
  static const std::regex kFriend(R"(\bfriend\s+(?:class|struct)\s+(\w+)\s*;)");
  const std::vector<std::string> names = MatchesOf(class_text, kFriend, 1);
  return {names.begin(), names.end()};
}

}  // namespace nacre::tidy
