// Random namespace operations against a model that is a map of maps; crashes in between. The seed is printed.
#include <cstdlib>

#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

struct ModelInode {
  v1::FileType type = v1::FILE_TYPE_NONE;
  std::map<std::string, Fid> entries;
  uint32_t names = 0;
  Fid parent;
};

class RandomOperations : public MdsRig {
 protected:
  using Model = std::map<Fid, ModelInode>;

  std::string Name() { return "n" + std::to_string(dice->Below(6)); }
  Fid Directory() {
    std::vector<Fid> directories;
    for (const auto& [fid, inode] : model) {
      if (inode.type == v1::FILE_TYPE_DIRECTORY) directories.push_back(fid);
    }
    return directories[dice->Below(directories.size())];
  }
  bool IsDir(const Fid& fid) { return model.at(fid).type == v1::FILE_TYPE_DIRECTORY; }
  std::optional<Fid> At(const Fid& dir, const std::string& name) {
    auto it = model.at(dir).entries.find(name);
    return it == model.at(dir).entries.end() ? std::nullopt : std::optional<Fid>(it->second);
  }
  void Lose(const Fid& fid) {
    if (--model.at(fid).names == 0) model.erase(fid);
  }
  bool IsBelow(Fid fid, const Fid& ancestor) {
    while (fid != kRootFid && fid != ancestor) fid = model.at(fid).parent;
    return fid == ancestor;
  }

  void MakeOne() {
    const Fid dir = Directory();
    const std::string name = Name();
    const auto type = dice->Below(2) == 0 ? v1::FILE_TYPE_DIRECTORY : v1::FILE_TYPE_SYMLINK;
    auto made = Make(In(ToWire(dir)), name, type);
    ASSERT_EQ(made.code(), At(dir, name) ? Code::kExists : Code::kOk);
    if (!made.ok()) return;
    const Fid fid = FromWire(made->inode().fid());
    model[fid] = {.type = type, .entries = {}, .names = 1, .parent = dir};
    model[dir].entries[name] = fid;
  }
  void RemoveOne() {
    const Fid dir = Directory();
    const std::string name = Name();
    const bool rmdir = dice->Below(2) == 0;
    const auto there = At(dir, name);
    Code expected = Code::kOk;
    if (!there) {
      expected = Code::kNotFound;
    } else if (rmdir != IsDir(*there)) {
      expected = rmdir ? Code::kNotDirectory : Code::kIsDirectory;
    } else if (rmdir && !model[*there].entries.empty()) {
      expected = Code::kNotEmpty;
    }
    ASSERT_EQ(Unlink(In(ToWire(dir)), name, rmdir).code(), expected);
    if (expected != Code::kOk) return;
    model[dir].entries.erase(name);
    Lose(*there);
  }
  void LinkOne() {
    const Fid from = Directory(), to = Directory();
    const std::string name = Name(), new_name = Name();
    const auto there = At(from, name);
    if (!there) return;
    Code expected = Code::kOk;
    if (At(to, new_name)) {
      expected = Code::kExists;
    } else if (IsDir(*there)) {
      expected = Code::kNotPermitted;
    }
    ASSERT_EQ(Link(ToWire(*there), In(ToWire(to)), new_name), expected);
    if (expected != Code::kOk) return;
    model[to].entries[new_name] = *there;
    ++model[*there].names;
  }
  void RenameOne() {
    const Fid from = Directory(), to = Directory();
    const std::string name = Name(), new_name = Name();
    const auto source = At(from, name), target = At(to, new_name);
    Code expected = Code::kOk;
    if (!source) {
      expected = Code::kNotFound;
    } else if (IsDir(*source) && from != to && IsBelow(to, *source)) {
      expected = Code::kInvalid;
    } else if (target && *target != *source) {
      if (IsDir(*source) != IsDir(*target)) expected = IsDir(*source) ? Code::kNotDirectory : Code::kIsDirectory;
      if (expected == Code::kOk && IsDir(*target) && !model[*target].entries.empty()) expected = Code::kNotEmpty;
    }
    ASSERT_EQ(Rename(In(ToWire(from)), name, In(ToWire(to)), new_name), expected);
    if (expected != Code::kOk || (target && *target == *source)) return;
    if (target) Lose(*target);
    model[from].entries.erase(name);
    model[to].entries[new_name] = *source;
    model[*source].parent = to;
  }

  void Compare() {
    EXPECT_EQ(Ping().inodes(), model.size());
    for (const auto& [fid, inode] : model) {
      auto attr = Stat(ToWire(fid));
      ASSERT_TRUE(attr.ok()) << ToString(fid);
      EXPECT_EQ(attr->type(), inode.type);
      if (inode.type != v1::FILE_TYPE_DIRECTORY) {
        EXPECT_EQ(attr->nlink(), inode.names);
        continue;
      }
      std::map<std::string, Fid> entries;
      uint32_t directories = 0;
      const auto listed = Readdir(ToWire(fid));
      ASSERT_TRUE(listed.ok());
      for (const auto& entry : listed->entries()) {
        entries[entry.name()] = FromWire(entry.inode().fid());
        if (entry.inode().attr().type() == v1::FILE_TYPE_DIRECTORY) ++directories;
      }
      EXPECT_EQ(entries, inode.entries);
      EXPECT_EQ(attr->nlink(), 2 + directories);
    }
  }

  std::unique_ptr<SeededRandom> dice;
  Model model;
};

TEST_F(RandomOperations, TheTreeIsTheModels) {
  const char* given = std::getenv("NACRE_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : SystemRandom().Next64();
  std::printf("NACRE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  dice = std::make_unique<SeededRandom>(seed);
  model[kRootFid] = {.type = v1::FILE_TYPE_DIRECTORY, .entries = {}, .names = 1, .parent = kRootFid};
  for (int i = 0; i < 10000 && !HasFatalFailure(); ++i) {
    const uint64_t roll = dice->Below(100);
    if (roll < 35) {
      MakeOne();
    } else if (roll < 55) {
      RemoveOne();
    } else if (roll < 70) {
      LinkOne();
    } else {
      RenameOne();
    }
    if (i % 1000 == 999) {
      Compare();
      CrashServer();
      Join();
      Compare();
    }
  }
}

}  // namespace
}  // namespace nacre
