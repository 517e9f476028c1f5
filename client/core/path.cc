#include "client/core/path.h"

namespace nacre {

Result<PathNames> SplitPath(std::string_view path) {
  if (path.empty()) return Status(Code::kNotFound, "the empty path");
  if (path.size() > kPathBytesMax) return Status(Code::kNameTooLong, "a path of more than 1 MiB");
  if (path.find('\0') != path.npos) return Status(Code::kInvalid, "a path with NUL");
  PathNames out;
  out.absolute = path.front() == '/';
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    out.wants_directory = name.empty() || name == "." || name == "..";
    if (!name.empty() && name != ".") out.names.emplace_back(name);
    if (slash == path.npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) out.wants_directory = true;
  }
  return out;
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string out(directory);
  if (out.empty() || out.back() != '/') out += '/';
  return out.append(name);
}

std::string LastName(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == path.npos ? path : path.substr(slash + 1));
}

}  // namespace nacre
