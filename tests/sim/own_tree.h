// OwnTree: a worker with a directory of its own, of which it knows exactly what must be in it: names, links, contents,
// sizes, attributes. While its client lives and nothing failed, every answer must be exactly the model's. After a death
// that went together with the loss of a server, each thing may be as any time since it was last made stable left it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/tree_walk.h"
#include "tests/sim/world.h"

namespace nacre::sim {

class OwnTree {
 public:
  OwnTree(World& world, uint32_t number);

  // Some steps of a round; ends early when the client dies or something fails that may fail.
  Task<void> Work(SimClientPtr client, uint32_t steps);
  // At rest: is all as it must be? client: one that sees what is there, not what it remembers.
  Task<void> Verify(SimClientPtr client);
  // Everything goes, at the end of the world.
  Task<void> Clear(SimClientPtr client);

 private:
  static constexpr uint64_t kFileBytesMax = 200'000;
  using Bytes = std::vector<uint8_t>;
  template <typename T>
  struct Maybe {
    uint64_t operation = 0;  // from which on it may be so
    T value;
  };
  struct File {
    std::string fid;  // as bytes; empty: not known, its create was not answered
    Bytes now;
    std::vector<Maybe<Bytes>> maybe;  // what it may hold as well, since it was last made stable
    std::optional<std::string> target;  // of a symlink
    uint32_t mode = 0644, mode_stable = 0644;
    std::map<std::string, std::string> xattrs;
    bool unsure_attributes = false;
    bool unsure_content = false;  // a write failed: anything that was ever written there
  };
  using FilePtr = std::shared_ptr<File>;
  struct Name {
    FilePtr now;                 // null: not there
    std::vector<Maybe<FilePtr>> maybe;  // since it was last made stable
  };
  using Opened = std::shared_ptr<OpenFile>;

  std::string PathOf(const std::string& name) const { return dir_ + "/" + name; }
  std::string RandomName();
  Bytes RandomContent(size_t size);
  void Will(const std::string& name, FilePtr file);  // from now on it may be so
  void Will(const FilePtr& file, Bytes content);
  void AllStable();
  void ForgetWhatCannotBe();
  uint32_t LinksOf(const FilePtr& file) const;

  Task<bool> Begin();  // makes the directory
  Task<void> Step();
  Task<void> Put(std::string name);
  Task<void> Change(std::string name);
  Task<void> ChangeOpen(Opened file, FilePtr model, std::string name);
  Task<void> WriteSome(Opened file, FilePtr model);
  Task<void> AppendSome(Opened file, FilePtr model);
  Task<void> Truncate(Opened file, FilePtr model);
  Task<void> Punch(Opened file, FilePtr model);
  Task<void> Sync(Opened file, FilePtr model);
  Task<void> Read(Opened file, FilePtr model);
  Task<void> Rename(std::string from, std::string to);
  Task<void> Link(std::string from, std::string to);
  Task<void> Unlink(std::string name);
  Task<void> Symlink(std::string name);
  Task<void> SetMode(std::string name);
  Task<void> SetXattr(std::string name);
  Task<void> Stat(std::string name);
  Task<void> List();
  Task<void> Commit();

  // The answer must be this one. false: it failed in a way that may be, and the worker stops for this round.
  bool Expect(const Status& status, Code wanted, const std::string& what);

  Task<Result<Bytes>> ReadAll(SimClientPtr client, std::string path, std::string* fid);
  Task<void> VerifyFound(SimClientPtr client, std::map<std::string, v1::Inode> found);
  // False: damaged, and removed for it.
  Task<bool> VerifyOne(SimClientPtr client, std::string name, v1::Inode inode, FilePtr file, uint32_t names);
  FilePtr Identify(const std::string& name, const v1::Inode& inode) const;
  void CheckContent(const File& file, const Bytes& found, const std::string& name);

  World& world_;
  const std::string who_;
  const bool encrypted_;
  const std::string word_;  // all names and contents begin with it
  const std::string dir_;
  SimClientPtr client_;
  bool made_ = false, maybe_made_ = false;
  bool directory_stable_ = false;
  bool doubt_ = false;  // the last round ended in the middle of something
  uint64_t operation_ = 1;
  uint64_t crashes_when_stable_ = 0;
  uint64_t writes_ = 0;
  std::map<std::string, Name> names_;
};

}  // namespace nacre::sim
