// DiskNode: a file or directory of a CutDisk with its past: how it was when last synced, and what was done since.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/random.h"

namespace nacre {

struct DiskNode;
using DiskNodePtr = std::shared_ptr<DiskNode>;
using DiskNames = std::map<std::string, DiskNodePtr>;

struct DiskNode {
  // Of a file.
  struct Change {
    uint64_t offset = 0;
    std::string bytes;        // written there, or
    uint64_t cleared = 0;     // so many made zeros
    uint64_t size_after = 0;  // of the file
    uint64_t end() const { return offset + std::max<uint64_t>(bytes.size(), cleared); }
  };
  // Of a directory, in one step: `gone` goes, and `name` stands for node.
  struct Renaming {
    std::string gone;
    std::string name;
    DiskNodePtr node;
  };

  explicit DiskNode(bool is_directory) : directory(is_directory) {}
  void Do(Change change);
  void Do(Renaming renaming);
  void Sync();
  void SyncTree();
  std::string Content() const;                // of a file, now
  void WriteTo(const std::string& path) const;  // as real files; path must not exist
  DiskNodePtr Find(std::string_view path) const;  // "a/b"; null: not there

  const bool directory;
  uint64_t size = 0;  // now
  std::string stable;
  std::vector<Change> changes;  // since
  DiskNames names;              // now
  DiskNames stable_names;
  std::vector<Renaming> renamings;  // since
};

// The same tree, its past included.
DiskNodePtr CopyTree(const DiskNode& top);
// What a power cut leaves of it: one of the many possible outcomes. It has no past.
DiskNodePtr DrawOutcome(const DiskNode& top, Random& random);
// A disk as it comes from the shop.
inline DiskNodePtr EmptyDisk() { return std::make_shared<DiskNode>(true); }

}  // namespace nacre
