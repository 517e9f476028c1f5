#include "tests/tidy/cpp_rules.h"

#include <map>
#include <regex>
#include <set>

namespace nacre::tidy {
namespace {

// A preprocessor line has no ';' of its own and would stand in the head of what follows.
std::string Code(const SourceFile& file) {
  std::string code = CodeOnly(file.text);
  bool line_begins = true;
  for (size_t at = 0; at < code.size(); ++at) {
    if (line_begins && code[at] == '#') {
      for (; at < code.size() && (code[at] != '\n' || code[at - 1] == '\\'); ++at) {
        if (code[at] != '\n' && code[at] != '\\') code[at] = ' ';
      }
    }
    if (at < code.size()) line_begins = code[at] == '\n' || (line_begins && code[at] == ' ');
  }
  return code;
}

bool IsWordLetter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

size_t LastLetterBefore(const std::string& code, size_t at) { return at == 0 ? std::string::npos : code.find_last_not_of(" \t\n", at - 1); }

std::string WordBefore(const std::string& code, size_t at) {
  const size_t last = LastLetterBefore(code, at);
  if (last == std::string::npos || !IsWordLetter(code[last])) return "";
  size_t first = last;
  while (first > 0 && IsWordLetter(code[first - 1])) --first;
  return code.substr(first, last + 1 - first);
}

// What stands between a brace and the last ';', '{' or '}' before it.
std::string HeadOf(const std::string& code, size_t brace) {
  const size_t before = brace == 0 ? std::string::npos : code.find_last_of(";{}", brace - 1);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  return code.substr(begin, brace - begin);
}

// A brace that holds statements or members; the other kind makes a value.
bool OpensBlock(const std::string& code, size_t brace) {
  static const std::set<std::string> kBefore = {"else", "do", "try", "const", "noexcept", "override", "final", "mutable"};
  static const std::regex kScope(R"(^\s*(template\b[^{]*|inline\s+|typedef\s+)*\b(namespace|class|struct|union|enum|extern)\b)");
  static const std::regex kTrailingType(R"(\)\s*(mutable\s*)?->[^()=]*(decltype\(\w+\(\)\))?[^()=]*$)");
  const size_t last = LastLetterBefore(code, brace);
  if (last == std::string::npos || std::string_view(")];:}").find(code[last]) != std::string_view::npos) return true;
  if (kBefore.contains(WordBefore(code, brace))) return true;
  const std::string head = HeadOf(code, brace);
  return std::regex_search(head, kScope) || std::regex_search(head, kTrailingType);
}

// '{' behind '{': a block in a block, or a list in a list.
bool OpensBlockIn(const std::string& code, size_t brace, bool in_block) {
  const size_t last = LastLetterBefore(code, brace);
  if (last != std::string::npos && code[last] == '{') return in_block;
  return OpensBlock(code, brace);
}

bool OpensCondition(const std::string& code, size_t parenthesis) {
  static const std::set<std::string> kBefore = {"if", "while", "for", "switch", "constexpr"};
  return kBefore.contains(WordBefore(code, parenthesis));
}

// A closure that captures; not an index, an attribute, names for parts, nor a closure without state.
bool OpensCapture(const std::string& code, size_t bracket) {
  static const std::set<std::string> kKeywords = {"return", "co_return", "co_await", "co_yield"};
  if (code.compare(bracket, 2, "[[") == 0 || code.compare(bracket, 2, "[]") == 0) return false;
  const size_t last = LastLetterBefore(code, bracket);
  if (last == std::string::npos) return false;
  if (code[last] == '[' || code[last] == ']' || code[last] == ')') return false;
  if (IsWordLetter(code[last])) return kKeywords.contains(WordBefore(code, bracket));
  const size_t before_references = code.find_last_not_of(" \t\n&", last);
  return before_references == std::string::npos || WordBefore(code, before_references + 1) != "auto";
}

// Reads a file once. A statement is what one block or condition holds between its ';'.
class AwaitScanner {
 public:
  explicit AwaitScanner(const SourceFile& file) : file_(file), code_(Code(file)) {}

  Faults Scan() {
    open_.push_back({.boundary = true});
    for (size_t at = 0; at < code_.size(); ++at) Step(at);
    while (!open_.empty()) Close();
    return faults_;
  }

 private:
  struct Open {
    bool boundary = false;  // of statements
    bool awaits = false;
    std::vector<size_t> temporaries = {};
  };

  Open& Statement() {
    for (auto at = open_.rbegin(); at != open_.rend(); ++at) {
      if (at->boundary) return *at;
    }
    return open_.front();
  }

  void Step(size_t at) {
    const char c = code_[at];
    if (c == '(') {
      open_.push_back({.boundary = OpensCondition(code_, at)});
    } else if (c == '[') {
      if (OpensCapture(code_, at)) Statement().temporaries.push_back(at);
    } else if (c == '{') {
      const bool block = OpensBlockIn(code_, at, open_.back().boundary);
      if (!block) Statement().temporaries.push_back(at);
      // A closure's body stands inside an expression; any other block ends what stood before it.
      if (block && open_.back().boundary) EndStatement(open_.back());
      open_.push_back({.boundary = block});
    } else if ((c == ')' || c == '}') && open_.size() > 1) {
      Close();
    } else if (c == ';' && open_.back().boundary) {
      EndStatement(open_.back());
    } else if (c == 'c' && code_.compare(at, 9, "co_await ") == 0) {
      Statement().awaits = true;
    }
  }

  void Close() {
    if (open_.back().boundary) EndStatement(open_.back());
    open_.pop_back();
  }

  void EndStatement(Open& open) {
    if (open.awaits) {
      for (size_t at : open.temporaries) {
        faults_.push_back(At(file_, at, code_[at] == '[' ? "a closure with captures in a co_await's expression: name it before"
                                                         : "a braced temporary in a co_await's expression: name it before"));
      }
    }
    open.awaits = false;
    open.temporaries.clear();
  }

  const SourceFile& file_;
  const std::string code_;
  std::vector<Open> open_;
  Faults faults_;
};

// The scope a brace opens: a namespace or type that others can name, or one they cannot ("").
struct Scope {
  std::string name;
  bool type = false;
};
Scope ScopeOf(const std::string& head) {
  static const std::regex kNamespace(R"(^\s*(?:inline\s+)?namespace\s+([\w:]+)\s*$)");
  static const std::regex kType(
      R"(^\s*(?:public:|private:|protected:|\s)*(?:template\s*<.*>\s*)?(?:class|struct|union|enum(?:\s+class)?)\s+(?:\[\[.*\]\]\s*)?([\w:]+)\s*(?:final\s*)?(?::[^:][^]*)?$)");
  std::smatch found;
  if (std::regex_search(head, found, kNamespace)) return {found[1], false};
  if (std::regex_search(head, found, kType)) return {found[1], true};
  return {};
}

}  // namespace

Faults CheckAwaitedTemporaries(const SourceFile& file) {
  if (!IsCpp(file.path)) return {};
  return AwaitScanner(file).Scan();
}

std::vector<TypeDefinition> TypesOf(const SourceFile& file) {
  const std::string code = Code(file);
  std::vector<TypeDefinition> types;
  std::vector<std::string> open;  // full names; "" and all in it: nobody else can name it
  for (size_t at = 0; at < code.size(); ++at) {
    if (code[at] == '}' && !open.empty()) open.pop_back();
    if (code[at] != '{') continue;
    const bool visible = open.empty() || !open.back().empty();
    const Scope scope = visible ? ScopeOf(HeadOf(code, at)) : Scope{};
    const std::string name = scope.name.empty() ? "" : (open.empty() ? "" : open.back() + "::") + scope.name;
    open.push_back(name);
    if (scope.type && !name.empty()) types.push_back({name, At(file, at, ""), file.path});
  }
  return types;
}

Faults CheckOneDefinition(const std::vector<SourceFile>& files) {
  std::map<std::string, TypeDefinition> first;
  Faults faults;
  for (const SourceFile& file : files) {
    if (!IsCpp(file.path) || !IsProduct(file.path)) continue;
    for (const TypeDefinition& type : TypesOf(file)) {
      const auto [there, fresh] = first.emplace(type.name, type);
      if (!fresh && there->second.file != type.file) {
        faults.push_back(type.place + type.name + " is also a type of " + there->second.file);
      }
    }
  }
  return faults;
}

}  // namespace nacre::tidy
