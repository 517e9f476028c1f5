#include "tests/power_cut/disk_node.h"

#include <filesystem>
#include <fstream>
#include <utility>

namespace nacre {
namespace {

void Apply(const DiskNode::Renaming& renaming, DiskNames& to) {
  if (!renaming.gone.empty()) to.erase(renaming.gone);
  if (renaming.node != nullptr) to[renaming.name] = renaming.node;
}

// What of the change lies in [from, to), which is what out stands for.
void Apply(const DiskNode::Change& change, uint64_t from, uint64_t to, std::string& out) {
  const uint64_t begin = std::max(from, change.offset), end = std::min(to, change.end());
  if (begin >= end) return;
  if (change.cleared > 0) {
    out.replace(begin - from, end - begin, end - begin, '\0');
  } else {
    out.replace(begin - from, end - begin, change.bytes, begin - change.offset, end - begin);
  }
}

class TreeCopy {
 public:
  DiskNodePtr Copy(const DiskNode* node) {
    if (node == nullptr) return nullptr;
    DiskNodePtr& copy = done_[node];
    if (copy != nullptr) return copy;
    const DiskNodePtr made = copy = std::make_shared<DiskNode>(node->directory);
    made->size = node->size;
    made->stable = node->stable;
    made->changes = node->changes;
    for (const auto& [name, entry] : node->names) made->names[name] = Copy(entry.get());
    for (const auto& [name, entry] : node->stable_names) made->stable_names[name] = Copy(entry.get());
    for (const DiskNode::Renaming& one : node->renamings) made->renamings.push_back({one.gone, one.name, Copy(one.node.get())});
    return made;
  }

 private:
  std::map<const DiskNode*, DiskNodePtr> done_;
};

// How the dice lie for one cut.
class Draw {
 public:
  explicit Draw(Random& random)
      : random_(random), sector_bytes_(random.Below(2) == 0 ? 512 : 4096), mode_(static_cast<Mode>(random.Below(4))) {}

  DiskNodePtr Outcome(const DiskNode& node) {
    auto out = std::make_shared<DiskNode>(node.directory);
    if (node.directory) {
      DiskNames names = node.stable_names;
      for (uint64_t i = 0, kept = Steps(node.renamings.size()); i < kept; ++i) Apply(node.renamings[i], names);
      for (const auto& [name, entry] : names) out->names[name] = Outcome(*entry);
      out->stable_names = out->names;
    } else {
      out->stable = FileOutcome(node);
      out->size = out->stable.size();
    }
    return out;
  }

 private:
  enum class Mode { kAllLost, kAllKept, kMixed, kMixedByFile };

  // How many of count steps are on the disk.
  uint64_t Steps(uint64_t count) {
    if (mode_ == Mode::kAllLost) return 0;
    return mode_ == Mode::kAllKept ? count : random_.Below(count + 1);
  }
  // For each sector that is touched: how many of the changes are there at the least, when the size is that after `steps`:
  // the data of what made a file longer is written before the size that covers it.
  std::map<uint64_t, uint64_t> LeastOfSectors(const DiskNode& file, uint64_t steps) const {
    std::map<uint64_t, uint64_t> least;
    uint64_t size = file.stable.size();
    for (uint64_t i = 0; i < file.changes.size(); ++i) {
      const DiskNode::Change& change = file.changes[i];
      for (uint64_t at = change.offset / sector_bytes_; at * sector_bytes_ < change.end(); ++at) {
        uint64_t& changes = least[at];
        if (i < steps && change.size_after > size && (at + 1) * sector_bytes_ > size) changes = i + 1;
      }
      size = change.size_after;
    }
    return least;
  }
  static uint64_t SizeAfter(const DiskNode& file, uint64_t steps) {
    return steps == 0 ? file.stable.size() : file.changes[steps - 1].size_after;
  }
  std::string FileOutcome(const DiskNode& file) {
    uint64_t size_max = file.stable.size();
    for (const DiskNode::Change& change : file.changes) size_max = std::max({size_max, change.end(), change.size_after});
    std::string content = file.stable;
    content.resize(size_max, '\0');
    uint64_t steps = Steps(file.changes.size());
    uint64_t size = SizeAfter(file, steps);
    // Of what makes it longer next, a part may be there.
    const bool grows = steps < file.changes.size() && SizeAfter(file, steps + 1) > size;
    if (mode_ == Mode::kMixed && grows && random_.Below(2) == 0) {
      const uint64_t part = (size / sector_bytes_ + 1 + random_.Below(3)) * sector_bytes_;
      size = std::min(SizeAfter(file, ++steps), part);
    }
    for (const auto& [sector, least] : LeastOfSectors(file, steps)) {
      const uint64_t from = sector * sector_bytes_, to = std::min(from + sector_bytes_, size_max);
      std::string bytes = content.substr(from, to - from);
      const uint64_t drawn = mode_ == Mode::kMixedByFile ? steps : Steps(file.changes.size());
      for (uint64_t i = 0; i < std::max(drawn, least); ++i) Apply(file.changes[i], from, to, bytes);
      content.replace(from, to - from, bytes);
    }
    content.resize(size);
    return content;
  }

  Random& random_;
  const uint64_t sector_bytes_;
  const Mode mode_;
};

}  // namespace

void DiskNode::Do(Change change) {
  size = change.size_after;
  changes.push_back(std::move(change));
}

void DiskNode::Do(Renaming renaming) {
  Apply(renaming, names);
  renamings.push_back(std::move(renaming));
}

std::string DiskNode::Content() const {
  std::string content = stable;
  for (const Change& change : changes) {
    if (content.size() < change.end()) content.resize(change.end(), '\0');
    Apply(change, 0, content.size(), content);
    content.resize(change.size_after, '\0');
  }
  return content;
}

void DiskNode::Sync() {
  stable = Content();
  changes.clear();
  stable_names = names;
  renamings.clear();
}

void DiskNode::SyncTree() {
  Sync();
  for (const auto& [name, entry] : names) entry->SyncTree();
}

void DiskNode::WriteTo(const std::string& path) const {
  if (!directory) {
    std::ofstream(path, std::ios::binary) << Content();
    return;
  }
  std::filesystem::create_directory(path);
  for (const auto& [name, entry] : names) entry->WriteTo(std::string(path).append("/").append(name));
}

DiskNodePtr DiskNode::Find(std::string_view path) const {
  const DiskNode* at = this;
  DiskNodePtr found;
  while (true) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (path.empty()) return found;
    const size_t slash = std::min(path.find('/'), path.size());
    const auto entry = at->names.find(std::string(path.substr(0, slash)));
    if (entry == at->names.end()) return nullptr;
    found = entry->second;
    at = found.get();
    path.remove_prefix(slash);
  }
}

DiskNodePtr CopyTree(const DiskNode& top) { return TreeCopy().Copy(&top); }

DiskNodePtr DrawOutcome(const DiskNode& top, Random& random) { return Draw(random).Outcome(top); }

}  // namespace nacre
