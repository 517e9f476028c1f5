// SharedNames: one directory in which workers of several clients make, rename, remove and look up the same few names, and
// one file to which all of them append. The history of the names must be linearizable; each appended record must be there
// once, whole.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/linearizable.h"
#include "tests/sim/world.h"

namespace nacre::sim {

class SharedNames {
 public:
  explicit SharedNames(World& world) : world_(world) {}

  Task<void> Make(SimClientPtr client);
  Task<void> Work(SimClientPtr client, uint32_t steps);
  Task<void> Verify(SimClientPtr client);
  Task<void> Clear(SimClientPtr client);

 private:
  using Opened = std::shared_ptr<OpenFile>;
  static constexpr size_t kNames = 3;
  struct Operation {
    SimClientPtr client;
    uint64_t begin = 0, end = kNeverEnded;
    enum class Kind { kCreate, kUnlink, kRename, kLookup } kind = Kind::kLookup;
    size_t name = 0, to = 0;
    Code answer = Code::kOk;
    uint8_t file = 0;  // create: what it would make; lookup: what was found
  };
  struct Record {
    SimClientPtr client;
    uint64_t number = 0;
    bool answered = false;
    bool seen = false;  // at rest: from then on it stays
    uint64_t at = 0;
  };
  using OperationPtr = std::shared_ptr<Operation>;

  std::string PathOf(size_t name) const;
  uint64_t Now() const { return static_cast<uint64_t>(world_.loop.Now().ns); }
  bool Failed(const SimClientPtr& client, const Status& status, const std::string& what);
  OperationPtr Begin(const SimClientPtr& client, Operation::Kind kind);
  // False: the worker stops.
  bool End(const OperationPtr& operation, const Status& status, Code other, const std::string& what);
  uint8_t NumberOf(const v1::Inode& inode);

  Task<bool> Create(SimClientPtr client);
  Task<bool> Unlink(SimClientPtr client);
  Task<bool> Rename(SimClientPtr client);
  Task<bool> Lookup(SimClientPtr client);
  Task<bool> Append(SimClientPtr client);
  Task<void> VerifyNames(SimClientPtr client);
  Task<void> VerifyRecords(SimClientPtr client);
  Happened AsHappened(const Operation& operation) const;

  World& world_;
  bool made_ = false;
  bool records_lost_ = false;  // a bit flipped in them
  uint8_t files_ = 0;
  std::map<std::string, uint8_t> numbers_;  // of files, by FID
  std::string at_rest_ = std::string(kNames, '\0');
  std::vector<OperationPtr> round_;
  std::vector<std::shared_ptr<Record>> records_;
};

}  // namespace nacre::sim
