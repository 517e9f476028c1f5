// SharedFile: one file that workers of several clients write, read and cut at the same time. Each quarter page is a
// register: every page's history must be linearizable, whoever died and whatever was lost meanwhile.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/linearizable.h"
#include "tests/sim/world.h"

namespace nacre::sim {

class SharedFile {
 public:
  explicit SharedFile(World& world) : world_(world) {}

  Task<void> Make(SimClientPtr client);
  Task<void> Work(SimClientPtr client, uint32_t steps);
  Task<void> Verify(SimClientPtr client);
  Task<void> Clear(SimClientPtr client);

 private:
  static constexpr size_t kParts = 4, kPartBytes = 1024;
  using Values = std::array<uint64_t, kParts>;  // which write each part holds; 0: zeros
  using Opened = std::shared_ptr<OpenFile>;
  struct Operation {
    SimClientPtr client;  // null: the world's own look, at rest
    uint64_t begin = 0, end = kNeverEnded;
    enum class Kind { kWrite, kCut, kRead } kind = Kind::kRead;
    uint32_t page = 0;
    std::array<bool, kParts> parts{};  // write: which of them
    uint64_t value = 0;                // write
    Values found{};                    // read
  };

  Task<void> Write(SimClientPtr client, Opened file);
  Task<void> Read(SimClientPtr client, Opened file, uint32_t page);
  Task<void> Cut(SimClientPtr client, Opened file);
  Task<bool> ReadPage(SimClientPtr client, Opened file, uint32_t page, Values* values);
  bool Failed(const SimClientPtr& client, const Status& status, const std::string& what);
  uint64_t Now() const { return static_cast<uint64_t>(world_.loop.Now().ns); }
  void CheckPage(uint32_t page);
  static Happened AsHappened(const Operation& operation);

  World& world_;
  bool made_ = false;
  uint64_t values_ = 0;
  std::vector<std::shared_ptr<Operation>> round_;
  std::map<uint32_t, Values> at_rest_;  // what each page held at the end of the last round
};

}  // namespace nacre::sim
