// What an object store must show: a plain model of objects, and what a server shows in the same form.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/oss/oss_world.h"

namespace nacre {

struct ModelObject {
  bool exists = false;
  bool destroyed = false;
  uint64_t size = 0;
  std::map<uint64_t, uint64_t> pages;  // page -> seed of its content
  friend bool operator==(const ModelObject&, const ModelObject&) = default;
};
using Model = std::vector<ModelObject>;

// Reads everything of object number through the server. Content is found again by its first 8 bytes.
class ModelReader {
 public:
  uint64_t NewPage(Random& random) {
    const uint64_t seed = random.Next64();
    known_[PageOf(seed).substr(0, 8)] = seed;
    return seed;
  }
  // Reads under epoch, which must be no lower than the object's.
  template <typename World>
  ModelObject Show(World& world, uint32_t number, uint64_t epoch) {
    ModelObject out;
    const ObjectId id = TestObject(number);
    world.epoch = epoch;
    for (uint64_t page = 0;; page += 64) {
      auto read = world.Read(id, page, 64);
      if (read.code() == Code::kStale) {
        out.destroyed = true;
        return out;
      }
      EXPECT_TRUE(read.ok()) << read.status().ToString();
      if (!read.ok()) return out;
      out.size = read->header.object_size();
      Collect(*read, page, out);
      if (page + 64 >= PagesCovering(out.size)) return out;
    }
  }

 private:
  void Collect(const ObjectPages& read, uint64_t first, ModelObject& out) {
    const std::string bytes = BytesOf(read.run);
    std::vector<bool> hole(read.header.page_count());
    for (const auto& range : read.header.holes()) {
      for (uint64_t i = 0; i < range.count(); ++i) hole.at(range.first() - first + i) = true;
    }
    size_t at = 0;
    for (uint32_t i = 0; i < read.header.page_count(); ++i) {
      if (hole[i]) continue;
      const std::string page = bytes.substr(at, kPageBytes);
      at += kPageBytes;
      const auto known = known_.find(page.substr(0, 8));
      EXPECT_TRUE(known != known_.end() && PageOf(known->second) == page) << "page " << first + i << " is nobody's";
      if (known != known_.end()) out.pages[first + i] = known->second;
    }
    EXPECT_EQ(at, bytes.size());
  }
  std::map<std::string, uint64_t> known_;
};

}  // namespace nacre
