#include "tests/tidy/layer_rules.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace nacre::tidy {
namespace {

struct LibraryPrefix {
  std::string_view header;  // begins with this
  std::string_view library;
};
constexpr LibraryPrefix kLibraries[] = {
    {"grpc", "grpc"},          {"google/protobuf/", "protobuf"}, {"rocksdb/", "rocksdb"},
    {"openssl/", "openssl"},   {"gcrypt", "gcrypt"},             {"sodium", "sodium"},
    {"isa-l", "isal"},
    {"fmt/", "fmt"},           {"spdlog/fmt/", "fmt"},           {"spdlog/", "spdlog"},
    {"toml++/", "tomlplusplus"}, {"asio", "asio"},               {"CLI/", "cli11"},
    {"histedit", "edit"},      {"editline/", "edit"},            {"libsmartcols", "smartcols"},
    {"fuse", "fuse"},          {"absl/", "absl"},                {"gtest/", "gtest"},
    {"gmock/", "gtest"},       {"benchmark/", "benchmark"},      {"boost/", "boost"},
};
constexpr std::string_view kSystemFolders[] = {"sys/", "linux/", "netinet/", "arpa/", "net/", "asm/"};

// Narrower than a folder: who, inside the layers that may have a library at all, includes it.
struct NarrowRule {
  std::string_view library;
  std::vector<std::string_view> only;
};
const std::vector<NarrowRule>& NarrowRules() {
  static const auto* rules = new std::vector<NarrowRule>{
      {"openssl", {}},
      {"gcrypt", {"client/crypto"}},
      {"rocksdb", {"common/kv"}},
      {"grpc", {"common/rpc", "mds/grpc", "oss/grpc", "mds/main.cc", "oss/main.cc", "client/shell/main.cc"}},
      {"cli11", {"client/shell"}},
      {"fuse", {}},
  };
  return *rules;
}

bool Contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string_view TopOf(std::string_view path) { return path.substr(0, path.find('/')); }

bool MayInclude(const std::vector<Layer>& layers, const Layer& from, std::string_view target) {
  const Layer* owner = OwnerOf(layers, target);
  if (owner != nullptr && owner->folder == from.folder) return true;
  return std::any_of(from.may_include.begin(), from.may_include.end(),
                     [&](const std::string& allowed) { return IsBelow(target, allowed); });
}

std::string CheckLibrary(const Layer& layer, std::string_view path, const std::string& library) {
  if (library.empty()) return "";
  if (!Contains(layer.libraries, library)) return "layer " + layer.folder + " may not use library " + library;
  for (const NarrowRule& rule : NarrowRules()) {
    if (rule.library != library) continue;
    const bool named = std::any_of(rule.only.begin(), rule.only.end(), [&](auto only) { return IsBelow(path, only); });
    if (!named) return "library " + library + " has its own place (tests/tidy/layer_rules.cc), not here";
  }
  return "";
}

std::string CheckOne(const std::vector<Layer>& layers, const Layer& layer, const std::string& path, const std::string& header,
                     bool quoted) {
  if (EndsWith(header, ".pb.h")) {  // generated from proto/, found by its bare name
    if (!MayInclude(layers, layer, "proto/" + header)) return "layer " + layer.folder + " may not include proto";
    return CheckLibrary(layer, path, EndsWith(header, ".grpc.pb.h") ? "grpc" : "protobuf");
  }
  if (!quoted) return CheckLibrary(layer, path, LibraryOf(header));
  if (header.find('/') == std::string::npos) return "\"" + header + "\": include paths start at the repository's root";
  if (MayInclude(layers, layer, header)) return "";
  return "layer " + layer.folder + " may not include " + header;
}

}  // namespace

std::vector<Layer> ParseLayers(std::string_view layers_txt) {
  std::vector<Layer> layers;
  for (const std::string& line : SplitLines(layers_txt)) {
    const size_t colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    const size_t bar = std::min(line.find('|', colon), line.size());
    const std::string libraries = bar < line.size() ? line.substr(bar + 1) : "";
    layers.push_back({SplitWords(line.substr(0, colon)).at(0), SplitWords(line.substr(colon + 1, bar - colon - 1)),
                      SplitWords(libraries)});
  }
  return layers;
}

const Layer* OwnerOf(const std::vector<Layer>& layers, std::string_view path) {
  const Layer* owner = nullptr;
  for (const Layer& layer : layers) {
    if (!IsBelow(path, layer.folder)) continue;
    if (owner == nullptr || layer.folder.size() > owner->folder.size()) owner = &layer;
  }
  return owner;
}

std::string LibraryOf(std::string_view header) {
  // The longest prefix wins: spdlog/fmt/ before spdlog/.
  const LibraryPrefix* best = nullptr;
  for (const LibraryPrefix& entry : kLibraries) {
    if (StartsWith(header, entry.header) && (best == nullptr || entry.header.size() > best->header.size())) best = &entry;
  }
  if (best != nullptr) return std::string(best->library);
  if (header.find('/') == std::string_view::npos) return "";
  for (std::string_view folder : kSystemFolders) {
    if (StartsWith(header, folder)) return "";
  }
  return std::string(TopOf(header));  // nobody's table has it: refused, until somebody thinks about it
}

Faults CheckTable(const std::vector<Layer>& layers) {
  static const std::map<std::string_view, std::set<std::string_view>> kArrows = {
      {"proto", {"proto"}},
      {"common", {"proto", "common"}},
      {"mds", {"proto", "common", "mds"}},
      {"oss", {"proto", "common", "oss"}},
      {"client", {"proto", "common", "client"}},
  };
  Faults faults;
  for (const Layer& layer : layers) {
    const auto arrows = kArrows.find(TopOf(layer.folder));
    if (arrows == kArrows.end()) {
      faults.push_back("layers.txt: " + layer.folder + " is below no known top folder");
      continue;
    }
    for (const std::string& target : layer.may_include) {
      if (!arrows->second.contains(TopOf(target))) faults.push_back("layers.txt: " + layer.folder + " may never see " + target);
      // A single file is a contract, which stands for itself: whoever implements it sees it.
      if (EndsWith(target, ".h")) continue;
      const Layer* owner = OwnerOf(layers, target);
      const bool circle = owner != nullptr && owner->folder != layer.folder && MayInclude(layers, *owner, layer.folder);
      if (circle) faults.push_back("layers.txt: " + layer.folder + " and " + target + " may include each other");
    }
  }
  return faults;
}

Faults CheckIncludes(const std::vector<Layer>& layers, const SourceFile& file) {
  static const std::regex kInclude(R"((^|\n)[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"])");
  if (!IsCpp(file.path) || !IsProduct(file.path)) return {};
  const Layer* layer = OwnerOf(layers, file.path);
  if (layer == nullptr) return {file.path + ":1: no layer of layers.txt owns this file"};
  Faults faults;
  for (std::sregex_iterator at(file.text.begin(), file.text.end(), kInclude), end; at != end; ++at) {
    const std::string fault = CheckOne(layers, *layer, file.path, (*at)[3], (*at)[2] == "\"");
    if (!fault.empty()) faults.push_back(At(file, static_cast<size_t>(at->position(3)), fault));
  }
  return faults;
}

}  // namespace nacre::tidy
