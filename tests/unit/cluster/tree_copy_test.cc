// TreeCopy between made-up ends: how far it goes while one child keeps it waiting.
#include "client/copy/tree_copy.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/cluster/sim_loop.h"

namespace nacre {
namespace {

constexpr size_t kChildren = 3000, kTold = 700;
constexpr Duration kLong = std::chrono::minutes(1);

NodeInfo InfoOf(FileKind kind) {
  NodeInfo info;
  info.kind = kind;
  return info;
}

class Link final : public SourceNode {
 public:
  explicit Link(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  const NodeInfo& info() const override { return info_; }
  Task<Result<std::unique_ptr<SourceFile>>> Open() override { co_return Status(Code::kInvalid, "a symlink"); }
  Task<Result<Xattrs>> ReadXattrs() override { co_return Xattrs(); }
  Task<Result<std::vector<std::shared_ptr<SourceNode>>>> NextChildren() override {
    co_return Status(Code::kNotDirectory, "a symlink");
  }

 private:
  const std::string name_;
  const NodeInfo info_ = InfoOf(FileKind::kSymlink);
};

// kChildren symlinks, told kTold at a time.
class ManyLinks final : public SourceNode {
 public:
  const std::string& name() const override { return name_; }
  const NodeInfo& info() const override { return info_; }
  Task<Result<std::unique_ptr<SourceFile>>> Open() override { co_return Status(Code::kIsDirectory, "a directory"); }
  Task<Result<Xattrs>> ReadXattrs() override { co_return Xattrs(); }
  Task<Result<std::vector<std::shared_ptr<SourceNode>>>> NextChildren() override {
    std::vector<std::shared_ptr<SourceNode>> children;
    for (size_t end = std::min(told + kTold, kChildren); told < end; ++told) {
      children.push_back(std::make_shared<Link>(std::to_string(told)));
    }
    co_return children;
  }
  size_t told = 0;

 private:
  const std::string name_ = "many";
  const NodeInfo info_ = InfoOf(FileKind::kDirectory);
};

// Makes what it is told, but of the first name only when the test says so.
class Sink final : public SinkDirectory {
 public:
  explicit Sink(SimLoop& loop) : loop_(loop) {}
  Task<Result<std::shared_ptr<SinkDirectory>>> MakeDirectory(std::string, NodeInfo) override {
    co_return Status(Code::kInvalid, "none is there");
  }
  Task<Result<std::shared_ptr<SinkFile>>> MakeFile(std::string, NodeInfo) override {
    co_return Status(Code::kInvalid, "none is there");
  }
  Task<Status> MakeOther(std::string name, NodeInfo) override {
    begun_most = std::max(begun_most, ++under_way);
    if (name == "0") (void)co_await first_may_end;
    co_await Hop(loop_);
    --under_way;
    made.insert(std::move(name));
    co_return Status::Ok();
  }
  Task<Status> Link(SinkDirectory*, std::string, std::string) override { co_return Status::Ok(); }
  Task<Status> SetXattrs(Xattrs) override { co_return Status::Ok(); }
  Task<Status> SetAttributes(NodeInfo) override { co_return Status::Ok(); }

  OneShot<bool> first_may_end;
  std::set<std::string> made;
  size_t under_way = 0, begun_most = 0;

 private:
  SimLoop& loop_;
};

TEST(TreeCopy, AChildThatTakesLongKeepsNoOtherWaiting) {
  SimLoop loop(1);
  const auto source = std::make_shared<ManyLinks>();
  const auto sink = std::make_shared<Sink>(loop);
  TreeCopy copy(loop, loop, CopyOptions());
  bool done = false;
  Detach([](TreeCopy* all, std::shared_ptr<SourceNode> from, std::shared_ptr<SinkDirectory> to, bool* out) -> Task<void> {
    co_await all->Merge(std::move(from), std::move(to), "");
    *out = true;
  }(&copy, source, sink, &done));
  EXPECT_TRUE(loop.RunUntil([&] { return sink->made.size() == kChildren - 1; }, kLong)) << sink->made.size();
  EXPECT_FALSE(done);
  sink->first_may_end.Set(true);
  EXPECT_TRUE(loop.RunUntil([&] { return done; }, kLong));
  EXPECT_EQ(sink->made.size(), kChildren);
  EXPECT_EQ(sink->begun_most, 64u) << "files at once";
  EXPECT_EQ(copy.TakeReport().symlinks, kChildren);
}

TEST(TreeCopy, ReadsAsManyChildrenAheadAsItsWindowHoldsAndNoMore) {
  SimLoop loop(1);
  const auto source = std::make_shared<ManyLinks>();
  const auto sink = std::make_shared<Sink>(loop);
  TreeCopy copy(loop, loop, CopyOptions());
  Detach(copy.Merge(source, sink, ""));
  EXPECT_EQ(source->told, kTold) << "some wait for their turn: what comes behind them is not asked for yet";
  EXPECT_TRUE(loop.RunUntil([&] { return sink->made.size() == kChildren - 1; }, kLong));
  sink->first_may_end.Set(true);
  loop.Pass(kLong);
}

}  // namespace
}  // namespace nacre
