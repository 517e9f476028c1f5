#include "tests/tidy/word_rules.h"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <vector>

namespace nacre::tidy {
namespace {

enum class Where {
  kCode,     // C++, comments and literals left out
  kProduct,  // the same, below common, mds, oss and client only
  kCores,    // the same, where time, chance and waiting are given in
  kCrypto,   // the same, below client/crypto
  kText,     // any file, anything in it
};

struct BannedWord {
  std::string_view pattern;  // ECMAScript
  Where where;
  std::string_view reason;
  std::vector<std::string_view> except = {};  // files, or folders
};

const std::vector<BannedWord>& Table() {
  static const auto* table = new std::vector<BannedWord>{
      {R"(\bstd::rand\b|\bsrand\s*\(|\brand\s*\()", Where::kCode, "chance is given in (common/base/random.h) and repeats by seed"},
      {R"(\bstd::random_device\b)", Where::kCode, "chance is given in (common/base/random.h)"},
      {R"(\bstd::(shuffle|sample|\w+_distribution)\b)", Where::kProduct, "differs from library to library"},
      {R"(\bstd::hash\b)", Where::kProduct, "differs from build to build: use common/base/hash.h"},
      {R"(\bsystem_clock\b)", Where::kCode, "jumps: time is given in (common/base/clock.h)"},
      {R"(\bsteady_clock\b|\bclock_gettime\b|\bthis_thread::sleep)", Where::kCores, "time is given in (common/base/clock.h)",
       {"common/base/clock.cc"}},
      {R"(\busing\s+namespace\s+std\s*;)", Where::kCode, "hides where a name comes from"},
      {R"(\bmemcmp\s*\()", Where::kCrypto, "ends at the first difference: sodium_memcmp for secrets, == for the rest"},
      {R"(\b(std::)?(gets|strcpy|strcat|sprintf)\s*\()", Where::kCode, "writes without a bound"},
      {R"(\b(TODO|FIXME|XXX)\b)", Where::kText, "promises later work: do it, or open an issue",
       {"CONTRIBUTING.md", "tests/tidy"}},
      {R"(^<{7} |^>{7} )", Where::kText, "a merge was not finished"},
  };
  return *table;
}

// The table's patterns, compiled once: most of the time goes there.
const std::vector<std::regex>& Patterns() {
  static const auto* patterns = [] {
    auto* all = new std::vector<std::regex>;
    for (const BannedWord& word : Table()) {
      all->emplace_back(std::string(word.pattern), std::regex::ECMAScript | std::regex::multiline | std::regex::optimize);
    }
    return all;
  }();
  return *patterns;
}

bool IsCore(std::string_view path) {
  if (!IsProduct(path)) return false;
  static constexpr std::string_view kShells[] = {"common/runtime", "common/rpc", "mds/main.cc", "oss/main.cc", "mds/grpc",
                                                 "oss/grpc", "client/shell", "client/agent", "client/dev",
                                                 "client/speed.cc"};  // measures this CPU
  return std::none_of(std::begin(kShells), std::end(kShells), [&](auto shell) { return IsBelow(path, shell); });
}

bool Applies(const BannedWord& word, const std::string& path) {
  if (std::any_of(word.except.begin(), word.except.end(), [&](auto file) { return IsBelow(path, file); })) return false;
  switch (word.where) {
    case Where::kCode: return IsCpp(path);
    case Where::kProduct: return IsCpp(path) && IsProduct(path);
    case Where::kCores: return IsCpp(path) && IsCore(path);
    case Where::kCrypto: return IsCpp(path) && IsBelow(path, "client/crypto");
    case Where::kText: return true;
  }
  return false;
}

bool IsBinary(std::string_view text) { return text.substr(0, 8000).find('\0') != std::string_view::npos; }

Faults FindAll(const SourceFile& file, const std::string& text, const std::regex& pattern, const std::string& reason) {
  Faults faults;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
    faults.push_back(At(file, static_cast<size_t>(at->position(0)), "'" + at->str() + "': " + reason));
  }
  return faults;
}

}  // namespace

Faults CheckWords(const SourceFile& file) {
  if (IsBinary(file.text)) return {};
  const std::string code = IsCpp(file.path) ? CodeOnly(file.text) : "";
  Faults faults;
  for (size_t i = 0; i < Table().size(); ++i) {
    const BannedWord& word = Table()[i];
    if (!Applies(word, file.path)) continue;
    const std::string& text = word.where == Where::kText ? file.text : code;
    for (const std::string& fault : FindAll(file, text, Patterns()[i], std::string(word.reason))) faults.push_back(fault);
  }
  return faults;
}

Faults CheckMachinePaths(const SourceFile& file, const std::string& root) {
  // A clone below one of these is nothing special: a text may well speak of /tmp/x or /usr/include.
  static const std::set<std::string> kUsual = {"bin", "boot", "builds", "dev", "etc", "home", "lib", "media", "mnt", "opt", "proc",
                                               "root", "run", "sbin", "src", "srv", "sys", "tmp", "usr", "var"};
  if (IsBinary(file.text)) return {};
  const std::filesystem::path clone(root);
  std::vector<std::string> places = {clone.string() + "/"};
  const std::string top = std::next(clone.begin()) == clone.end() ? "" : std::next(clone.begin())->string();
  if (!kUsual.contains(top) && std::distance(clone.begin(), clone.end()) > 2) places.push_back("/" + top + "/");
  Faults faults;
  for (const std::string& place : places) {
    for (size_t at = file.text.find(place); at != std::string::npos; at = file.text.find(place, at + 1)) {
      const char before = at == 0 ? ' ' : file.text[at - 1];
      const bool begins_there = std::string_view(" \t\n\"'`=:(<[{,;").find(before) != std::string_view::npos;
      if (begins_there) faults.push_back(At(file, at, "'" + place + "': a path of the machine this was written on"));
    }
  }
  return faults;
}

}  // namespace nacre::tidy
