// Entries that are damaged, before anybody mends them: they are shown, hide no neighbour, can be removed, and lead nobody out
// of the tree that is removed.
#include "client/core/shown_entry.h"
#include "tests/unit/cluster/damage.h"

namespace nacre {
namespace {

class DamagedEntries : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/vault", 1), Code::kOk);
    ASSERT_EQ(client.MakeDir("/plain"), Code::kOk);
    for (const char* path : {"/vault/f1", "/vault/f2", "/vault/f3", "/plain/f1", "/plain/f2"}) client.Put(path, path);
    ASSERT_TRUE(client.Run(client.core.Commit()).ok());
  }
  Fid FidOf(const std::string& path) { return FromWire(client.Stat(path)->fid()); }
  void DamageIt(const std::function<void(Damage&)>& how) { DamageMds(cluster, how); }
  static void GiveContext(Damage& damage, const Fid& fid, const std::string& context) {
    rows::InodeRow row = damage.Inode(fid);
    row.set_context(context);
    damage.PutInode(fid, row);
  }
  void ExpectClean(const std::string& when) { EXPECT_EQ(Told(RunFsck(client, false)), "") << when; }
  // Of the entries of a directory that has whole ones too.
  size_t ShownAsDamaged(const std::string& path) {
    const Result<DirectoryPtr> directory = client.Run(client.core.names().FindDirectory(path));
    EXPECT_TRUE(directory.ok());
    const Result<v1::ReaddirReply> page = client.Run(client.core.names().ReadPage((*directory)->fid(), 0, false));
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    if (!page.ok()) return 0;
    size_t damaged = 0;
    for (const v1::ReaddirReply::Entry& entry : page->entries()) {
      const Result<DirectoryEntry> shown = ShowEntry(**directory, entry, client.core.keys());
      EXPECT_TRUE(shown.ok());
      if (shown.ok() && !shown->problem.ok()) ++damaged;
    }
    EXPECT_GT(static_cast<size_t>(page->entries_size()), damaged);
    return damaged;
  }

  Cluster cluster{2};
  TestClient client{cluster, 2};
};

TEST_F(DamagedEntries, AContextThatDoesNotFitAndARowThatCannotBeReadHideNoNeighbour) {
  const Fid misfit = FidOf("/vault/f1"), unreadable = FidOf("/vault/f2");
  DamageIt([&](Damage& damage) {
    GiveContext(damage, misfit, "");
    damage.Put(kInodeFamily, FidKey(unreadable), "\x08\x63");
  });
  EXPECT_EQ(ShownAsDamaged("/vault"), 2U);
  EXPECT_EQ(client.Get("/vault/f3"), "/vault/f3");
}

TEST_F(DamagedEntries, WhatAnInodeCannotShowDoesNotHideItsNeighbours) {
  ASSERT_EQ(client.MakeDir("/plain/uncounted"), Code::kOk);
  const Fid file = FidOf("/plain/f1"), directory = FidOf("/plain/uncounted");
  EXPECT_EQ(ShownAsDamaged("/plain"), 0U);
  DamageIt([&](Damage& damage) {
    rows::InodeRow row = damage.Inode(file);
    row.mutable_layout()->clear_mirrors();
    row.mutable_attr()->set_size_state(v1::SIZE_ON_OBJECTS);
    damage.PutInode(file, row);
    damage.Put(kDirstatFamily, FidKey(directory), "odd");
  });
  EXPECT_EQ(ShownAsDamaged("/plain"), 2U);
  EXPECT_NE(client.Stat("/plain/f1").code(), Code::kOk);
  EXPECT_EQ(client.Get("/plain/f2"), "/plain/f2");
}

TEST_F(DamagedEntries, WhatHasAContextThatDoesNotFitCanBeRemovedWithItsDirectory) {
  ASSERT_EQ(client.MakeDir("/vault/odd"), Code::kOk);
  ASSERT_EQ(client.MakeDir("/vault/odd/below"), Code::kOk);
  const Fid file = FidOf("/vault/f1"), directory = FidOf("/vault/odd");
  DamageIt([&](Damage& damage) {
    GiveContext(damage, file, "");
    GiveContext(damage, directory, "no context");
  });
  EXPECT_EQ(client.MakeDir("/vault/odd/more"), Code::kIntegrity);
  EXPECT_EQ(client.RemoveTree("/vault/odd"), Code::kOk);
  EXPECT_EQ(client.RemoveTree("/vault/f1"), Code::kOk);
  ExpectClean("after the removal");
}

TEST_F(DamagedEntries, ADirectoryOfAnyContextCanBeRemovedWithItsEntries) {
  ASSERT_EQ(client.MakeDir("/vault/bared"), Code::kOk);
  for (int i = 0; i < 40; ++i) client.Put("/vault/bared/" + std::to_string(i), "x");  // some names as stored have a '/'
  ASSERT_EQ(client.MakeDir("/plain/veiled"), Code::kOk);
  client.Put("/plain/veiled/a", "x");
  const Fid bared = FidOf("/vault/bared"), veiled = FidOf("/plain/veiled");
  DamageIt([&](Damage& damage) {
    GiveContext(damage, bared, "");
    GiveContext(damage, veiled, "no context");
  });
  EXPECT_EQ(client.RemoveTree("/plain/veiled"), Code::kOk);
  EXPECT_EQ(client.RemoveTree("/vault"), Code::kOk);
  EXPECT_EQ(client.Stat("/vault").code(), Code::kNotFound);
  ExpectClean("after the removal");
}

TEST_F(DamagedEntries, RemovingATreeDoesNotFollowAStrayEntryOutOfIt) {
  const Fid vault = FidOf("/vault"), plain = FidOf("/plain");
  DamageIt([&](Damage& damage) {
    const std::string name(32, 'n');
    const uint64_t cookie = DirentTable::HashOf(damage.Inode(vault).salt(), name) << kCookiePlaceBits;
    damage.PutEntry(vault, {.cookie = cookie, .name = name, .fid = plain, .type = v1::FILE_TYPE_DIRECTORY});
  });
  EXPECT_EQ(client.RemoveTree("/vault"), Code::kIntegrity);
  EXPECT_EQ(client.Get("/plain/f1"), "/plain/f1");
  EXPECT_EQ(client.Stat("/vault/f1").code(), Code::kNotFound) << "what is in there goes all the same";
}

}  // namespace
}  // namespace nacre
