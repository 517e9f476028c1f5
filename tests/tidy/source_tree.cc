#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace nacre::tidy {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> PathsFromGit(const std::string& root) {
  const std::string command = "git -C '" + root + "' ls-files -z 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string all;
  char chunk[4096];
  while (size_t got = fread(chunk, 1, sizeof chunk, pipe)) all.append(chunk, got);
  if (pclose(pipe) != 0) return {};
  std::vector<std::string> paths;
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = all.find('\0', begin);
    paths.push_back(all.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

std::vector<std::string> PathsFromDisk(const std::string& root) {
  std::vector<std::string> paths;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator(); ++at) {
    const std::string name = at->path().filename().string();
    if (at->is_directory() && (name == ".git" || name == ".cache" || StartsWith(name, "build"))) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file()) {
      paths.push_back(fs::relative(at->path(), root).string());
    }
  }
  return paths;
}

std::vector<SourceFile> ReadTree(const std::string& root) {
  std::vector<std::string> paths = PathsFromGit(root);
  if (paths.empty()) paths = PathsFromDisk(root);
  std::sort(paths.begin(), paths.end());
  std::vector<SourceFile> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) {
    std::ifstream in(fs::path(root) / path, std::ios::binary);
    if (!in) continue;  // deleted, but git has not been told yet
    files.push_back({path, std::string(std::istreambuf_iterator<char>(in), {})});
  }
  return files;
}

// Where the literal or comment that begins at `at` ends (one past it); `at` itself when none begins there.
size_t EndOfNonCode(std::string_view text, size_t at) {
  const auto end_of = [&](std::string_view mark, size_t from) {
    const size_t found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
  };
  if (text.substr(at, 2) == "//") return end_of("\n", at) - 1;
  if (text.substr(at, 2) == "/*") return end_of("*/", at + 2);
  if (text.substr(at, 2) == "R\"") {
    const size_t open = text.find('(', at);
    return end_of(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open);
  }
  const bool digit_separator = text[at] == '\'' && at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0;
  if ((text[at] != '"' && text[at] != '\'') || digit_separator) return at;
  size_t end = at + 1;
  while (end < text.size() && text[end] != text[at] && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

}  // namespace

const std::vector<SourceFile>& Tree() {
  static const auto* tree = new std::vector<SourceFile>(ReadTree(NACRE_SOURCE_DIR));
  return *tree;
}

const SourceFile* FindFile(std::string_view path) {
  const auto found = std::find_if(Tree().begin(), Tree().end(), [&](const SourceFile& file) { return file.path == path; });
  return found == Tree().end() ? nullptr : &*found;
}

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }
bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}
bool IsBelow(std::string_view path, std::string_view folder) {
  return path == folder || (StartsWith(path, folder) && path.size() > folder.size() && path[folder.size()] == '/');
}
bool IsCpp(std::string_view path) { return EndsWith(path, ".cc") || EndsWith(path, ".h"); }
bool IsProduct(std::string_view path) {
  return IsBelow(path, "common") || IsBelow(path, "mds") || IsBelow(path, "oss") || IsBelow(path, "client");
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::istringstream in{std::string(text)};
  return {std::istream_iterator<std::string>(in), {}};
}

int LineOf(std::string_view text, size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

std::string At(const SourceFile& file, size_t offset, std::string_view what) {
  return file.path + ":" + std::to_string(LineOf(file.text, offset)) + ": " + std::string(what);
}

std::string CodeOnly(std::string_view text) {
  std::string code(text);
  for (size_t at = 0; at < text.size();) {
    const size_t end = EndOfNonCode(text, at);
    for (size_t i = at; i < end; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return code;
}

std::string Join(const Faults& faults) {
  std::string all;
  for (const std::string& fault : faults) all += fault + "\n";
  return all;
}

}  // namespace nacre::tidy
