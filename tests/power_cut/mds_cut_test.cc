// The metadata server over RocksDB as it really is, when the power goes, or the process is killed, in the middle of any call:
// what was committed is there, of what was done later all up to some moment, and a client that lives brings back the rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/kv/rocksdb_kv.h"
#include "common/wire/wire.h"
#include "tests/contract/temp_directory.h"
#include "tests/power_cut/cut_effort.h"
#include "tests/power_cut/cut_rocks.h"
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

// Every name with the inode behind it, its type and its links.
using Dump = std::map<std::string, std::string>;

class MdsCut : public MdsRig {
 protected:
  void SetUp() override {}
  void TearDown() override { Leave(); }

  void Begin(uint64_t seed) {
    Leave();
    dice_.emplace(seed);
    PowerOn(EmptyDisk());
    ASSERT_TRUE(FormatMds(Store(), "0123456789abcdef", random, clock).ok());
    StartServer();
    Join();
    Settle();
  }
  // Works until the life ends; then the next one is judged.
  void LiveAndDie() {
    const auto end = dice_->Below(4) == 0 ? CutDisk::End::kKill : CutDisk::End::kPowerCut;
    on_->disk.EndAfter(1 + dice_->Below(dice_->Below(3) == 0 ? 40 : 600), end);
    while (!on_->disk.ended()) Step();
    const DiskNodePtr left = on_->disk.Left(end);
    StopServer();  // of the life that is over: nobody hears it
    PowerOn(left);
    StartServer();
    if (dice_->Below(2) == 0) {
      ReplayAll();
    } else {
      EvictAll(end);
    }
    Settle();
  }
  bool lost_some = false, replayed_some = false;

 private:
  struct Machine {
    Machine(const std::string& root, const DiskNodePtr& left, uint64_t seed)
        : disk(root, left, seed), env(CutRocks::MakeEnv(disk)) {}
    CutDisk disk;
    std::unique_ptr<rocksdb::Env> env;
    std::unique_ptr<KvStore> kv;
  };
  struct Sent {
    std::function<Result<v1::ReplyHeader>(bool replay, Transno transno)> send;
    Transno transno = 0;    // it was answered with
    bool answered = false;  // before the life ended
  };

  KvStore& Store() override { return *on_->kv; }
  void Leave() {
    StopServer();
    on_.reset();
    directory_.reset();
    boot_count = 0;
    client_ids.clear();
  }
  void PowerOn(const DiskNodePtr& left) {
    on_.reset();
    directory_.emplace();
    const std::string root = directory_->path() + "/disk";
    on_ = std::make_unique<Machine>(root, left, dice_->Next64());
    auto kv = OpenRocksKv(root + "/db", MdsFamilies(), {.write_buffer_bytes = 128 * kKiB, .env = on_->env.get()});
    ASSERT_TRUE(kv.ok()) << kv.status().ToString();
    on_->kv = std::move(*kv);
  }

  // What is there now is where the next life begins, and all of it is stable.
  void Settle() {
    Commit();
    history_ = {Look()};
    sent_.clear();
  }

  template <typename Request, typename Reply>
  void Do(const Request& request, Task<Result<Reply>> (MdsApi::*method)(Request)) {
    Sent sent;
    sent.send = [this, request, method](bool replay, Transno transno) -> Result<v1::ReplyHeader> {
      Request again = request;
      again.mutable_header()->set_replay(replay);
      again.mutable_header()->set_transno(transno);
      const Result<Reply> reply = SyncWait((server.get()->*method)(again));
      if (!reply.ok()) return reply.status();
      return reply->header();
    };
    const Result<v1::ReplyHeader> answer = sent.send(false, 0);
    if (!answer.ok() || answer->transno() == 0) return;  // it changed nothing
    sent.transno = answer->transno();
    sent.answered = !on_->disk.ended();
    sent_.push_back(std::move(sent));
    history_.push_back(Look());
  }

  void Step() {
    switch (dice_->Below(8)) {
      case 0:
      case 1:
        return Do(MakeOf(Shallow(), RandomName()), &MdsApi::Make);
      case 2:
        return Do(MakeOf(Shallow(), RandomName(), v1::FILE_TYPE_SYMLINK), &MdsApi::Make);
      case 3:
        return RemoveOne();
      case 4:
        return LinkOne();
      case 5:
        return dice_->Below(2) == 0 ? Tick(std::chrono::seconds(1)) : CommitSometimes();  // or the server commits by itself
      default:
        return Do(RenameOf(Any(), RandomName(), Shallow(), RandomName()), &MdsApi::Rename);
    }
  }
  void RemoveOne() {
    v1::UnlinkRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_parent() = Any();
    request.mutable_name()->set_stored(RandomName());
    request.set_directory(dice_->Below(2) == 0);
    Do(request, &MdsApi::Unlink);
  }
  void LinkOne() {
    const auto file = Lookup(Any(), RandomName());
    if (!file.ok()) return;
    v1::LinkRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = file->inode().fid();
    *request.mutable_parent() = Shallow();
    request.mutable_name()->set_stored(RandomName());
    Do(request, &MdsApi::Link);
  }
  void CommitSometimes() {
    if (dice_->Below(2) == 0) return;
    Commit();
    if (on_->disk.ended()) return;  // it may not have been answered
    history_.erase(history_.begin(), history_.end() - 1);
    sent_.clear();
  }
  std::string RandomName() { return "n" + std::to_string(dice_->Below(4)); }
  // Things are made, and come, near the root only, and go from anywhere: so the tree stays small.
  v1::Parent Shallow() { return RandomDirectory(1); }
  v1::Parent Any() { return RandomDirectory(100); }
  v1::Parent RandomDirectory(int64_t depth_max) {
    std::vector<v1::Fid> directories{ToWire(kRootFid)};
    Walk(directories[0], "", [&](const std::string& path, const v1::Inode& inode) {
      const bool is_directory = inode.attr().type() == v1::FILE_TYPE_DIRECTORY;
      if (is_directory && std::count(path.begin(), path.end(), '/') <= depth_max) directories.push_back(inode.fid());
    });
    return In(directories[dice_->Below(directories.size())]);
  }

  Dump Look() {
    Dump dump;
    Walk(ToWire(kRootFid), "", [&](const std::string& path, const v1::Inode& inode) {
      const char* kind = inode.attr().type() == v1::FILE_TYPE_DIRECTORY ? " directory, links: " : " links: ";
      dump[path] = ToString(FromWire(inode.fid())) + kind + std::to_string(inode.attr().nlink());
    });
    return dump;
  }
  void Walk(const v1::Fid& directory, const std::string& path,
            const std::function<void(const std::string& path, const v1::Inode& inode)>& each) {
    const auto page = Readdir(directory);
    ASSERT_TRUE(page.ok()) << path << ": " << page.status().ToString();
    for (const auto& entry : page->entries()) {
      const std::string below = path + "/" + entry.name();
      each(below, entry.inode());
      if (entry.inode().attr().type() == v1::FILE_TYPE_DIRECTORY) Walk(entry.inode().fid(), below, each);
    }
  }

  // The client is gone, and what it did after its last commit may be too: from some moment on.
  void EvictAll(CutDisk::End end) {
    Pass(MdsOptions().recovery_window);
    Join();
    const Dump found = Look();
    // One that was killed had given all to the system, but for what it was doing.
    const size_t least = end == CutDisk::End::kKill && history_.size() > 1 ? history_.size() - 2 : 0;
    const auto at = std::find(history_.begin() + static_cast<ptrdiff_t>(least), history_.end(), found);
    EXPECT_TRUE(at != history_.end()) << "the tree is as at none of " << history_.size() - least << " moments since the commit";
    lost_some |= at != history_.end() && at + 1 != history_.end();
  }
  // It comes back with what it was answered; what was not answered it sends again.
  void ReplayAll() {
    const size_t before = Ping().replayed();
    ComeBack();
    for (const Sent& sent : sent_) {
      if (!sent.answered) continue;
      const auto again = sent.send(true, sent.transno);
      EXPECT_TRUE(again.ok()) << "a replay: " << again.status().ToString();
    }
    const auto ended = EndReplay(session);
    ASSERT_TRUE(ended->has_value());
    ASSERT_TRUE((*ended)->ok()) << (*ended)->status().ToString();
    for (uint32_t i = 0; i < kOsts; ++i) Announce(i);
    replayed_some |= Ping().replayed() > before;
    if (!sent_.empty() && !sent_.back().answered) {
      const auto again = sent_.back().send(false, 0);
      EXPECT_TRUE(again.ok()) << "what was not answered: " << again.status().ToString();
    }
    EXPECT_EQ(Look(), history_.back());
  }

  std::optional<TempDirectory> directory_;
  std::unique_ptr<Machine> on_;
  std::optional<SeededRandom> dice_;
  std::vector<Dump> history_;  // since the last commit that was answered, and as it was then
  std::vector<Sent> sent_;     // since then; all but the last one were answered
};

TEST_F(MdsCut, WhatWasCommittedIsThereAndALivingClientBringsBackTheRest) {
  for (int run = 0; run < CutEffort(4); ++run) {
    const uint64_t seed = SystemRandom().Next64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Begin(seed);
    for (int life = 0; life < 20 && !HasFailure(); ++life) LiveAndDie();
    if (HasFailure()) return;
  }
  EXPECT_TRUE(lost_some) << "no cut lost anything: the test tests nothing";
  EXPECT_TRUE(replayed_some) << "nothing was replayed: the test tests nothing";
}

}  // namespace
}  // namespace nacre
