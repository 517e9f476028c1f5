// OwnDirectories: a worker with a tree of directories of its own: it makes, moves, exchanges and removes directories and
// symlinks, also where that is not allowed, and knows what each must answer. While its client lives and nothing failed, the
// tree must be exactly the model's. After a death that went together with the loss of the MDS it must be as some moment
// since it was last made stable left it: all that was done up to there, and nothing that was done later.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/tree_walk.h"

namespace nacre::sim {

class OwnDirectories {
 public:
  OwnDirectories(World& world, uint32_t number);

  Task<void> Work(SimClientPtr client, uint32_t steps);
  Task<void> Verify(SimClientPtr client);
  Task<void> Clear(SimClientPtr client);

 private:
  struct Node {
    bool directory = false;
    std::string fid;  // empty until it was seen
  };
  using NodePtr = std::shared_ptr<Node>;
  using Tree = std::map<std::string, NodePtr>;  // by path below the root, "a/b"
  struct Place {
    std::string path;
    NodePtr node;  // null: nothing is there
  };
  // What an operation must answer, and the tree behind it if it is kOk.
  struct Effect {
    Code answer = Code::kOk;
    Tree after;
  };

  std::string PathOf(const std::string& below) const { return below.empty() ? root_ : root_ + "/" + below; }
  Place RandomPlace();
  uint32_t DirectoriesIn(const Tree& tree, const std::string& path) const;
  static bool IsEmpty(const Tree& tree, const std::string& path);
  // a is b, or lies below it.
  static bool IsWithin(const std::string& a, const std::string& b);
  // What is at `from`, and all below it, goes to `to`, where nothing is.
  static void Move(Tree& tree, const std::string& from, const std::string& to);
  Effect Renamed(const Place& from, const Place& to, bool no_replace) const;
  Effect Exchanged(const Place& from, const Place& to) const;

  Task<bool> Begin();
  // False: the worker stops for this round.
  Task<bool> Step();
  Task<bool> MakeDirectory();
  Task<bool> MakeSymlink();
  Task<bool> Remove();
  Task<bool> Rename();
  Task<bool> Stat();
  Task<bool> Look();
  Task<bool> Commit();
  // Does it, and notes what may be there from now on.
  Task<bool> Do(std::string what, Effect effect, std::function<Task<Status>()> task);
  bool Expect(const Status& status, Code wanted, const std::string& what);

  void AllStable();
  // Empty: the tree is as found. What was not known of it is known then.
  static std::string Compare(const Tree& tree, const SeenTree& found);
  void CheckCounts(const SeenTree& found) const;

  World& world_;
  const std::string who_;
  const bool encrypted_;
  const std::string root_;
  SimClientPtr client_;
  bool made_ = false, maybe_made_ = false;
  bool root_stable_ = false;
  bool doubt_ = false;  // something ended in the middle
  Tree now_;
  std::vector<Tree> maybe_;  // since it was last made stable, oldest first; now_ is not among them
  Tree before_last_;         // before the last operation, where that was not answered
  uint64_t crashes_when_stable_ = 0;
};

}  // namespace nacre::sim
