// Fsck over stores that were damaged at random: rows gone, bits turned, keys turned, rows of nobody, objects lost and
// planted. It ends, changes nothing unless told to, and mends in one run what it can: the second finds what the first
// had to leave. Files whose own row and objects were not touched keep every byte, wherever their names went. The seed
// is printed.
#include <map>

#include "tests/unit/cluster/damage.h"

namespace nacre {
namespace {

// The families that fsck looks at; in the others a bad row keeps the server from starting, which tells it by itself.
constexpr KvFamily kFamilies[] = {kInodeFamily,   kDirentFamily, kXattrFamily,
                                  kDirstatFamily, kLinkFamily,   kOrphanFamily};

using Rows = std::map<std::pair<uint32_t, std::string>, std::string>;
Rows RowsOf(KvStore& kv) {
  Rows rows;
  for (const KvFamily family : kFamilies) {
    for (auto cursor = kv.Seek(family, {}); cursor->Valid(); cursor->Next()) {
      rows[{static_cast<uint32_t>(family), std::string(cursor->key())}] = cursor->value();
    }
  }
  return rows;
}

class RandomDamage : public testing::Test {
 protected:
  struct File {
    Fid fid;
    std::string path;
    std::string content;
  };
  struct World {
    explicit World(uint64_t seed) : dice(seed), cluster(seed, 2), client(cluster, seed + 1) {}
    SeededRandom dice;
    Cluster cluster;
    TestClient client;
    std::vector<File> files;
    std::set<Fid> hit;  // whose inode row, or an object, is not what it was
  };

  static void Populate(World& world) {
    ASSERT_EQ(world.client.Encrypt("/vault", 1), Code::kOk);
    for (const char* path : {"/plain", "/plain/a", "/plain/a/b", "/vault/a", "/vault/a/b"}) {
      ASSERT_EQ(world.client.MakeDir(path), Code::kOk);
    }
    for (const char* directory : {"/plain", "/plain/a", "/plain/a/b", "/vault", "/vault/a", "/vault/a/b"}) {
      for (int i = 0; i < 3; ++i) {
        const std::string path = std::string(directory) + "/f" + std::to_string(i);
        const Opened file = world.client.Create(path, 1 + static_cast<uint32_t>(world.dice.Below(2)));
        ASSERT_NE(file, nullptr);
        const Bytes content = RandomBytes(world.dice, 1 + world.dice.Below(100'000));
        ASSERT_TRUE(world.client.Write(file, 0, content).ok());
        ASSERT_TRUE(world.client.Close(file).ok());
        world.files.push_back({FromWire(world.client.Stat(path)->fid()), path, ToString(ByteView(content))});
      }
    }
    ASSERT_EQ(world.client.Link("/plain/f0", "/plain/a/hard"), Code::kOk);
    ASSERT_EQ(world.client.Link("/vault/f1", "/vault/a/hard"), Code::kOk);
    ASSERT_EQ(world.client.Symlink("target", "/vault/a/link"), Code::kOk);
    v1::SetXattrRequest request;
    *request.mutable_fid() = ToWire(world.files[0].fid);
    request.mutable_xattr()->set_name("user.a");
    request.mutable_xattr()->set_value("value");
    ASSERT_TRUE(world.client.Run(world.client.core.names().SetXattr(request)).ok());
    ASSERT_TRUE(world.client.Run(world.client.core.Commit()).ok());
  }

  static void Turn(World& world, std::string& bytes) {
    if (bytes.empty()) return;
    const size_t at = world.dice.Below(bytes.size());
    bytes[at] = static_cast<char>(static_cast<uint8_t>(bytes[at]) ^ (1u << world.dice.Below(8)));
  }
  static void NoteHit(World& world, KvFamily family, const std::string& key) {
    if ((family == kInodeFamily || family == kOrphanFamily) && key.size() == kFidBytes) {
      world.hit.insert(LoadFid(AsBytes(key).data()));
    }
  }
  // One row of a family, other than the root's own.
  static bool Pick(World& world, KvStore& kv, KvFamily family, std::string& key, std::string& value) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (auto cursor = kv.Seek(family, {}); cursor->Valid(); cursor->Next()) {
      if (family == kInodeFamily && cursor->key() == FidKey(kRootFid)) continue;
      rows.emplace_back(cursor->key(), cursor->value());
    }
    if (rows.empty()) return false;
    std::tie(key, value) = rows[world.dice.Below(rows.size())];
    return true;
  }
  static void DamageOneRow(World& world, Damage& damage) {
    const KvFamily family = kFamilies[world.dice.Below(std::size(kFamilies))];
    std::string key, value;
    if (!Pick(world, damage.kv(), family, key, value)) {
      if (family == kOrphanFamily) damage.Put(family, std::string(world.dice.Below(30), 'o'), {});
      return;
    }
    NoteHit(world, family, key);
    switch (world.dice.Below(6)) {
      case 0:
        damage.Delete(family, key);
        break;
      case 1:  // under another key
        damage.Delete(family, key);
        Turn(world, key);
        damage.Put(family, key, value);
        break;
      case 2:  // and under another key too
        Turn(world, key);
        damage.Put(family, key, value);
        break;
      case 3:
        damage.Put(family, key, value.substr(0, world.dice.Below(value.size() + 1)));
        break;
      case 4:
        damage.Put(family, key.substr(0, world.dice.Below(key.size() + 1)) + std::string(world.dice.Below(3), 'k'),
                   value);
        break;
      default:
        for (uint64_t i = 0; i <= world.dice.Below(3); ++i) Turn(world, value);
        damage.Put(family, key, value);
        break;
    }
    NoteHit(world, family, key);
  }
  static void DamageAnObject(World& world) {
    const uint32_t ost = static_cast<uint32_t>(world.dice.Below(2));
    const File& file = world.files[world.dice.Below(world.files.size())];
    ObjectId id{.fid = file.fid, .component = 0, .mirror = 1, .stripe = 0};
    world.cluster.StopOst(ost);
    if (world.dice.Below(2) == 0) {
      world.cluster.ost(ost).LoseObject(id);
      world.hit.insert(file.fid);
    } else {
      if (world.dice.Below(2) == 0) id.fid.oid += 500;
      id.mirror += static_cast<uint32_t>(1 + world.dice.Below(3));
      world.cluster.ost(ost).PlantObject(id, world.dice.Below(10'000));
    }
    world.cluster.StartOst(ost);
  }

  static void ExpectUnhitFilesWhole(World& world, const std::string& when) {
    for (const File& file : world.files) {
      if (world.hit.contains(file.fid)) continue;
      const Result<v1::Inode> inode = world.client.Run(world.client.core.names().GetAttr(file.fid));
      ASSERT_TRUE(inode.ok()) << when << ": " << file.path << ": " << inode.status().ToString();
      const Result<Opened> opened =
          world.client.Run(world.client.core.opener().OpenKnown(*inode, TestClient::Existing(false)));
      ASSERT_TRUE(opened.ok()) << when << ": " << file.path << ": " << opened.status().ToString();
      EXPECT_TRUE(world.client.Text(*opened) == file.content) << when << ": " << file.path;
      EXPECT_TRUE(world.client.Close(*opened).ok());
    }
  }
  static std::multiset<std::string> Left(const FsckReport& report) {
    std::multiset<std::string> left;
    for (const FsckFinding& finding : report.findings) {
      if (finding.state == FsckFinding::State::kLeft) left.insert(finding.kind + finding.fid + finding.what);
    }
    return left;
  }

  void RunOne(uint64_t seed) {
    World world(seed);
    Populate(world);
    if (HasFatalFailure()) return;
    const uint64_t damages = 1 + world.dice.Below(8);
    DamageMds(world.cluster, [&](Damage& damage) {
      for (uint64_t i = 0; i < damages; ++i) DamageOneRow(world, damage);
    });
    if (world.dice.Below(3) == 0) DamageAnObject(world);
    world.cluster.loop.Pass(std::chrono::seconds(5));

    const Rows before = RowsOf(world.cluster.MdsKv());
    const FsckReport found = RunFsck(world.client, false);
    EXPECT_TRUE(RowsOf(world.cluster.MdsKv()) == before) << "looking changed a row";
    const FsckReport mended = RunFsck(world.client, true);
    for (const FsckFinding& finding : mended.findings) ++met[finding.kind][finding.state];
    EXPECT_EQ(found.left == 0, mended.left + mended.mended == 0) << Told(found) << "-- mended:\n" << Told(mended);
    ExpectUnhitFilesWhole(world, "after the repair");
    const FsckReport again = RunFsck(world.client, true);
    EXPECT_EQ(again.mended, 0U) << Told(again) << "-- the first run:\n" << Told(mended);
    EXPECT_EQ(Left(again), Left(mended)) << Told(again) << "-- the first run:\n" << Told(mended);
    for (const FsckFinding& finding : again.findings) {
      EXPECT_TRUE(!finding.mendable || finding.what.find("not mended: ") != std::string::npos) << Told(again);
    }
    world.cluster.loop.Pass(std::chrono::minutes(2));  // everything is destroyed that is going to be
    world.cluster.CrashMds();
    EXPECT_EQ(Left(RunFsck(world.client, true)), Left(again));
    ExpectUnhitFilesWhole(world, "long after the repair");
  }

  std::map<std::string, std::map<FsckFinding::State, int>> met;  // by kind
};

TEST_F(RandomDamage, IsMendedInOneRunOrToldAndHarmsNoGoodFile) {
  const uint64_t seed = ChosenSeed(41);
  const uint64_t rounds = kSanitized ? 20 : FullEffort() ? 5000 : 150;
  for (uint64_t round = 0; round < rounds; ++round) {
    RunOne(seed + round);
    ASSERT_FALSE(HasFailure()) << "NACRE_SEED=" << seed + round << " shows it at once";
  }
  for (auto& [kind, states] : met) {
    std::printf("%-14s %5d mended %5d left\n", kind.c_str(), states[FsckFinding::State::kMended],
                states[FsckFinding::State::kLeft]);
  }
  EXPECT_GT(met.size(), kSanitized ? 5U : 9U) << "kinds of findings: the damage shows little";
}

}  // namespace
}  // namespace nacre
