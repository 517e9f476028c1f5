// Fsck over a whole cluster: each kind of damage is found, as itself and nothing else, and mended; a second run finds
// nothing; what was not damaged reads back whole. And nothing is found where nothing is wrong, whatever is going on.
#include "tests/unit/cluster/damage.h"

namespace nacre {
namespace {

class FsckOfACluster : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(client.Encrypt("/vault", 1), Code::kOk);
    ASSERT_EQ(client.MakeDir("/plain"), Code::kOk);
    ASSERT_EQ(client.MakeDir("/vault/sub"), Code::kOk);
    for (const char* directory : {"/vault", "/plain", "/vault/sub"}) {
      for (int i = 0; i < 3; ++i) Put(std::string(directory) + "/f" + std::to_string(i));
    }
    const Opened striped = client.Create("/plain/striped", 2);
    ASSERT_TRUE(client.Write(striped, 0, Content("/plain/striped")).ok());
    ASSERT_TRUE(client.Close(striped).ok());
    files.insert("/plain/striped");
    ASSERT_EQ(client.Link("/plain/f0", "/plain/hard"), Code::kOk);
    ASSERT_EQ(client.Symlink("target", "/vault/symlink"), Code::kOk);
    ASSERT_TRUE(client.Run(client.core.Commit()).ok());
    ExpectClean("before anything was damaged");
  }

  static std::string Content(const std::string& path) {
    std::string content;
    while (content.size() < 150'000) content += path + " holds this; ";
    return content;
  }
  void Put(const std::string& path) {
    client.Put(path, Content(path));
    files.insert(path);
  }
  Fid FidOf(const std::string& path) { return FromWire(client.Stat(path)->fid()); }
  void ExpectClean(const std::string& when) {
    const FsckReport report = RunFsck(client, false);
    EXPECT_EQ(Told(report), "") << when;
    EXPECT_EQ(report.left, 0U);
  }
  void ExpectFilesWhole() {
    for (const std::string& path : files) EXPECT_TRUE(client.Get(path) == Content(path)) << path;
  }
  // Found as just these; mended; not found again.
  void ExpectFoundAndMended(const Kinds& kinds) {
    const FsckReport found = RunFsck(client, false);
    EXPECT_EQ(KindsOf(found), kinds) << Told(found);
    EXPECT_EQ(found.left, kinds.size());
    const FsckReport again = RunFsck(client, false);
    EXPECT_EQ(KindsOf(again), kinds) << "looking changed something: " << Told(again);
    const FsckReport mended = RunFsck(client, true);
    EXPECT_EQ(mended.left, 0U) << Told(mended);
    EXPECT_EQ(mended.mended, kinds.size()) << Told(mended);
    ExpectClean("after the repair");
    cluster.CrashMds();
    ExpectClean("after the repair and a power cut");
    ExpectFilesWhole();
  }
  void ExpectFoundAndLeft(const Kinds& kinds) {
    EXPECT_EQ(KindsOf(RunFsck(client, false)), kinds);
    const FsckReport report = RunFsck(client, true);
    EXPECT_EQ(KindsOf(report), kinds) << Told(report);
    EXPECT_EQ(report.mended, 0U);
    EXPECT_EQ(report.left, kinds.size());
    ExpectFilesWhole();
  }
  void DamageIt(const std::function<void(Damage&)>& how) { DamageMds(cluster, how); }
  static Task<void> MakeAndRemoveDirectories(ClientCore& core, const bool* stop, bool* stopped) {
    for (int i = 0; !*stop; ++i) {
      (void)co_await core.names().MakeDirectory("/plain/busy" + std::to_string(i % 7), 0755, false);
      (void)co_await core.names().Unlink("/plain/busy" + std::to_string(i % 5), true);
      // Time passes only when nobody has anything to do.
      co_await Sleep(*core.environment().timers, *core.environment().pool, std::chrono::microseconds(50));
    }
    *stopped = true;
  }
  static void FillWithFifos(Damage& damage, const Fid& directory, uint32_t count) {
    const std::string salt = damage.Inode(directory).salt();
    for (uint32_t i = 1; i <= count; ++i) {
      const Fid fid{.seq = 1000, .oid = i};
      const std::string name = "fifo" + std::to_string(i);
      const uint64_t cookie = DirentTable::HashOf(salt, name) << kCookiePlaceBits;
      rows::InodeRow row;
      row.set_format(1);
      row.mutable_attr()->set_type(v1::FILE_TYPE_FIFO);
      row.mutable_attr()->set_nlink(1);
      *row.mutable_parent() = ToWire(directory);
      row.set_parent_cookie(cookie);
      damage.PutInode(fid, row);
      damage.PutEntry(directory, Dirent{.cookie = cookie, .name = name, .fid = fid, .type = v1::FILE_TYPE_FIFO});
    }
  }
  std::vector<std::string> LostAndFound() { return client.List("/lost+found"); }

  Cluster cluster{ChosenSeed(21), 2};
  TestClient client{cluster, 22};
  std::set<std::string> files;  // that are to stay as they are
};

TEST_F(FsckOfACluster, AWrongLinkCountIsMended) {
  const Fid fid = FidOf("/plain/f1"), hard = FidOf("/plain/hard");
  DamageIt([&](Damage& damage) {
    rows::InodeRow row = damage.Inode(fid), linked = damage.Inode(hard);
    row.mutable_attr()->set_nlink(7);
    linked.mutable_attr()->set_nlink(1);
    damage.PutInode(fid, row);
    damage.PutInode(hard, linked);
  });
  ExpectFoundAndMended({"nlink", "nlink"});
  EXPECT_EQ(client.Stat("/plain/f1")->attr().nlink(), 1U);
  EXPECT_EQ(client.Stat("/plain/hard")->attr().nlink(), 2U);
}

TEST_F(FsckOfACluster, AFileWithoutEntryGoesToLostAndFoundEncryptedOnesToo) {
  for (const char* path : {"/plain/f1", "/vault/f1"}) {
    const Fid fid = FidOf(path);
    DamageIt([&](Damage& damage) { damage.Delete(kDirentFamily, damage.EntryKeyOf(fid)); });
    files.erase(path);
    ExpectFoundAndMended({"lost", "counters"});
    EXPECT_EQ(client.Get("/lost+found/" + ToString(fid)), Content(path));
    EXPECT_EQ(client.Stat("/lost+found/" + ToString(fid))->attr().nlink(), 1U);
  }
  EXPECT_EQ(LostAndFound().size(), 2U);
  const v1::Attr made = client.Stat("/lost+found")->attr();
  EXPECT_EQ(made.mode(), 0700U);
  EXPECT_EQ(made.uid(), 0U);
  EXPECT_EQ(client.Stat("/")->attr().nlink(), 5U);
  TestClient later(cluster, 9);  // after a restart: its FIDs are others than that of /lost+found
  later.Put("/plain/later", "content");
  EXPECT_EQ(LostAndFound().size(), 2U);
  ExpectClean("with new files");
}

TEST_F(FsckOfACluster, ADirectoryWithoutEntryGoesToLostAndFoundWithAllBelow) {
  const Fid fid = FidOf("/vault/sub");
  DamageIt([&](Damage& damage) { damage.Delete(kDirentFamily, damage.EntryKeyOf(fid)); });
  for (int i = 0; i < 3; ++i) files.erase("/vault/sub/f" + std::to_string(i));
  ExpectFoundAndMended({"lost", "counters"});
  const std::string found = "/lost+found/" + ToString(fid);
  for (int i = 0; i < 3; ++i) {
    const std::string name = "/f" + std::to_string(i);
    EXPECT_EQ(client.Get(found + name), Content("/vault/sub" + name));
  }
  EXPECT_EQ(client.Rename(found, "/vault/back"), Code::kOk) << "and can be moved home";
  ExpectClean("after that");
}

TEST_F(FsckOfACluster, WhatCannotGoToLostAndFoundStaysWhereItIs) {
  ASSERT_EQ(client.Encrypt("/lost+found", 2), Code::kOk);
  const Fid fid = FidOf("/plain/f1"), plain = FidOf("/plain");
  DamageIt([&](Damage& damage) {
    damage.Delete(kDirentFamily, damage.EntryKeyOf(fid));
    damage.Count(plain, -1, 0);
  });
  files.erase("/plain/f1");
  ExpectFoundAndLeft({"lost"});
  ASSERT_EQ(client.Rename("/lost+found", "/other"), Code::kOk);
  ExpectFoundAndMended({"lost"});
  EXPECT_EQ(client.Get("/lost+found/" + ToString(fid)), Content("/plain/f1"));
}

TEST_F(FsckOfACluster, AnEntryWithoutInodeGoesAndTheObjectsThatNobodyKnowsToo) {
  const Fid fid = FidOf("/vault/f1");
  const uint64_t pages = cluster.StoredPages();
  DamageIt([&](Damage& damage) { damage.Delete(kInodeFamily, FidKey(fid)); });
  files.erase("/vault/f1");
  ExpectFoundAndMended({"entry", "orphan-object"});
  EXPECT_EQ(client.Stat("/vault/f1").code(), Code::kNotFound);
  cluster.loop.Pass(std::chrono::seconds(30));
  EXPECT_LT(cluster.StoredPages(), pages) << "its object was destroyed";
}

TEST_F(FsckOfACluster, AnEntryThatCannotBeReadGoesAndItsInodeIsNotLost) {
  const Fid fid = FidOf("/vault/f2");
  DamageIt([&](Damage& damage) { damage.Put(kDirentFamily, damage.EntryKeyOf(fid), "\xff\xff not a row"); });
  files.erase("/vault/f2");
  ExpectFoundAndMended({"entry", "lost"});
  EXPECT_EQ(client.Get("/lost+found/" + ToString(fid)), Content("/vault/f2"));
}

TEST_F(FsckOfACluster, AnEntryWhereItsNameDoesNotLeadIsMovedThere) {
  const Fid fid = FidOf("/vault/f2"), vault = FidOf("/vault");
  for (const uint64_t wrong : {uint64_t{2}, uint64_t{0x1234500}, kCookieMax + 77}) {
    DamageIt([&](Damage& damage) {
      rows::InodeRow row = damage.Inode(fid);
      const std::string key = damage.EntryKeyOf(fid);
      damage.Put(kDirentFamily, DirentKey(vault, wrong), **damage.kv().Get(kDirentFamily, key));
      damage.Delete(kDirentFamily, key);
      row.set_parent_cookie(wrong);
      damage.PutInode(fid, row);
    });
    EXPECT_EQ(client.Stat("/vault/f2").code(), Code::kNotFound);
    ExpectFoundAndMended({"entry"});
    EXPECT_EQ(client.Get("/vault/f2"), Content("/vault/f2"));
  }
}

TEST_F(FsckOfACluster, ANameItsInodeDoesNotKnowIsMadeKnown) {
  const Fid fid = FidOf("/plain/f0"), plain = FidOf("/plain"), sub = FidOf("/vault/sub");
  DamageIt([&](Damage& damage) {
    const auto link = damage.kv().Seek(kLinkFamily, FidKey(fid));
    ASSERT_TRUE(link->Valid());
    damage.Delete(kLinkFamily, std::string(link->key()));
    rows::InodeRow row = damage.Inode(sub);
    row.set_parent_cookie(4711);
    damage.PutInode(sub, row);
  });
  ExpectFoundAndMended({"name", "name"});
  EXPECT_EQ(client.Unlink("/plain/f0"), Code::kOk);
  EXPECT_EQ(client.Get("/plain/hard"), Content("/plain/f0")) << "with one name less the other still leads there";
  ExpectClean("after that");
  (void)plain;
}

TEST_F(FsckOfACluster, ASecondEntryOfADirectoryGoes) {
  const Fid sub = FidOf("/vault/sub"), plain = FidOf("/plain");
  DamageIt([&](Damage& damage) {
    const uint64_t cookie = DirentTable::HashOf(damage.Inode(plain).salt(), "twice") << kCookiePlaceBits;
    damage.PutEntry(plain, Dirent{.cookie = cookie, .name = "twice", .fid = sub, .type = v1::FILE_TYPE_DIRECTORY});
    damage.Count(plain, 1, 1);
  });
  ExpectFoundAndMended({"double-link"});
  EXPECT_EQ(client.Stat("/plain/twice").code(), Code::kNotFound);
}

TEST_F(FsckOfACluster, ACircleOfDirectoriesIsOpened) {
  ASSERT_EQ(client.MakeDir("/outer"), Code::kOk);
  ASSERT_EQ(client.MakeDir("/outer/inner"), Code::kOk);
  client.Put("/outer/inner/f", "kept");
  const Fid outer = FidOf("/outer"), inner = FidOf("/outer/inner");
  DamageIt([&](Damage& damage) {
    rows::InodeRow row = damage.Inode(outer);
    damage.Delete(kDirentFamily, damage.EntryKeyOf(outer));
    damage.Count(kRootFid, -1, -1);
    const uint64_t cookie = DirentTable::HashOf(damage.Inode(inner).salt(), "o") << kCookiePlaceBits;
    damage.PutEntry(inner, Dirent{.cookie = cookie, .name = "o", .fid = outer, .type = v1::FILE_TYPE_DIRECTORY});
    damage.Count(inner, 1, 1);
    *row.mutable_parent() = ToWire(inner);
    row.set_parent_cookie(cookie);
    damage.PutInode(outer, row);
  });
  ExpectFoundAndMended({"cycle"});
  EXPECT_EQ(client.Get("/lost+found/" + ToString(outer) + "/inner/f"), "kept");
}

TEST_F(FsckOfACluster, WrongCountersAreMended) {
  const Fid plain = FidOf("/plain"), vault = FidOf("/vault");
  DamageIt([&](Damage& damage) {
    damage.Count(plain, 3, -1);
    damage.Put(kDirstatFamily, FidKey(vault), "short");
    damage.Put(kDirstatFamily, FidKey(Fid{.seq = 99, .oid = 1}), EncodeDirstat({}));
  });
  ExpectFoundAndMended({"counters", "counters", "counters"});
  EXPECT_EQ(client.Stat("/plain")->attr().nlink(), 2U);
  EXPECT_EQ(client.Stat("/vault")->attr().nlink(), 3U);
}

TEST_F(FsckOfACluster, AWrongSizeBecomesWhatTheObjectsSay) {
  const Fid longer = FidOf("/plain/striped"), shorter = FidOf("/vault/f0");
  DamageIt([&](Damage& damage) {
    for (const auto& [fid, size] : {std::pair(longer, uint64_t{1'000'000}), std::pair(shorter, uint64_t{5})}) {
      rows::InodeRow row = damage.Inode(fid);
      row.mutable_attr()->set_size(size);
      damage.PutInode(fid, row);
    }
  });
  ExpectFoundAndMended({"size", "size"});
  EXPECT_EQ(client.SizeOf("/vault/f0"), Content("/vault/f0").size());
}

TEST_F(FsckOfACluster, MissingDataIsToldAndNothingIsCutOff) {
  const Fid fid = FidOf("/plain/f1");
  const uint32_t ost = client.Stat("/plain/f1")->layout().mirrors(0).components(0).osts(0);
  cluster.StopOst(ost);
  cluster.ost(ost).LoseObject({.fid = fid, .component = 0, .mirror = 1, .stripe = 0});
  cluster.StartOst(ost);
  files.erase("/plain/f1");
  ExpectFoundAndLeft({"size"});
  EXPECT_EQ(client.SizeOf("/plain/f1"), Content("/plain/f1").size());
}

TEST_F(FsckOfACluster, ALayoutThatCannotBeRightIsToldAndItsObjectsStay) {
  const Fid unknown = FidOf("/plain/f1"), other = FidOf("/plain/f2"), nonsense = FidOf("/vault/f2");
  DamageIt([&](Damage& damage) {
    rows::InodeRow row = damage.Inode(unknown);
    row.mutable_layout()->mutable_mirrors(0)->mutable_components(0)->set_osts(0, 77);
    damage.PutInode(unknown, row);
    row = damage.Inode(other);
    auto* component = row.mutable_layout()->mutable_mirrors(0)->mutable_components(0);
    component->set_osts(0, 1 - component->osts(0));
    damage.PutInode(other, row);
    row = damage.Inode(nonsense);
    row.mutable_layout()->clear_mirrors();
    damage.PutInode(nonsense, row);
  });
  const std::set<std::string> before = files;
  files.erase("/plain/f1");
  files.erase("/plain/f2");
  files.erase("/vault/f2");
  ExpectFoundAndLeft({"layout", "layout", "size", "stray-object"});
  DamageIt([&](Damage& damage) {  // somebody who knows better
    rows::InodeRow row = damage.Inode(other);
    auto* component = row.mutable_layout()->mutable_mirrors(0)->mutable_components(0);
    component->set_osts(0, 1 - component->osts(0));
    damage.PutInode(other, row);
  });
  EXPECT_EQ(client.Get("/plain/f2"), Content("/plain/f2")) << "no object of it was destroyed";
}

TEST_F(FsckOfACluster, ObjectsThatBelongToNoFileAreDestroyed) {
  const Fid fid = FidOf("/vault/f0"), vault = FidOf("/vault");
  const uint32_t ost = client.Stat("/vault/f0")->layout().mirrors(0).components(0).osts(0);
  const ObjectId planted[] = {
      {.fid = {.seq = 77, .oid = 7}, .component = 0, .mirror = 1, .stripe = 0},  // of no inode
      {.fid = {.seq = ~uint64_t{0}, .oid = ~uint32_t{0}, .ver = 5}, .component = 9, .mirror = 1, .stripe = 9},
      {.fid = fid, .component = 0, .mirror = 9, .stripe = 0},   // an older one of a file
      {.fid = fid, .component = 0, .mirror = 1, .stripe = 5},   // more than it has stripes
      {.fid = vault, .component = 0, .mirror = 1, .stripe = 0}  // of a directory
  };
  cluster.StopOst(0);
  cluster.StopOst(1);
  for (const ObjectId& id : planted) cluster.ost(ost).PlantObject(id, 4096);
  // The right one, on the wrong OST.
  cluster.ost(1 - ost).PlantObject({.fid = fid, .component = 0, .mirror = 1, .stripe = 0}, 4096);
  cluster.StartOst(0);
  cluster.StartOst(1);
  ExpectFoundAndMended(
      {"orphan-object", "orphan-object", "stray-object", "stray-object", "stray-object", "stray-object"});
  cluster.loop.Pass(std::chrono::seconds(30));
  for (const ObjectId& id : planted) {
    EXPECT_FALSE(cluster.ost(ost).HasObject(id)) << ToString(id);
    EXPECT_TRUE(cluster.ost(ost).HasTombstone(id)) << ToString(id);
  }
  ExpectClean("when all is destroyed");
}

TEST_F(FsckOfACluster, RowsOfNoInodeGo) {
  const Fid nobody{.seq = 99, .oid = 3};
  const Fid file = FidOf("/plain/f1");
  DamageIt([&](Damage& damage) {
    damage.Put(kXattrFamily, XattrKey(nobody, "user.a"), "1");
    damage.Put(kXattrFamily, XattrKey(nobody, "user.b"), "2");
    damage.Put(kXattrFamily, "short", "3");
    damage.Put(kLinkFamily, LinkKey(nobody, kRootFid, 5), {});
    damage.Put(kXattrFamily, XattrKey(file, "user.unknown"), "its inode says it has none");
    damage.Put(kDirentFamily, "odd", "4");
    damage.Put(kDirentFamily, DirentKey(nobody, 1000), "5");
  });
  ExpectFoundAndMended({"xattr", "xattr", "name", "xattr", "entry", "entry"});
  const auto xattrs = client.Run(client.core.names().GetXattrs(file, ""));
  ASSERT_TRUE(xattrs.ok());
  EXPECT_EQ(xattrs->xattrs_size(), 1) << "what belongs to an inode is not thrown away";
}

TEST_F(FsckOfACluster, AMarkThatAFileHasNoNameGoesIfItHasOne) {
  const Fid file = FidOf("/plain/f1");
  // The server is told while it runs: at its start it believes such a mark.
  KvBatch batch;
  batch.Put(kOrphanFamily, FidKey(file), {});
  batch.Put(kOrphanFamily, FidKey(Fid{.seq = 99, .oid = 4}), {});
  ASSERT_TRUE(cluster.MdsKv().Apply(batch, KvStore::Durability::kSynced).ok());
  ExpectFoundAndMended({"orphan-row", "orphan-row"});
}

TEST_F(FsckOfACluster, AContextThatDoesNotFitAndARowThatCannotBeReadAreToldAndLeft) {
  const Fid misfit = FidOf("/vault/f1"), unreadable = FidOf("/vault/f2");
  DamageIt([&](Damage& damage) {
    rows::InodeRow row = damage.Inode(misfit);
    row.clear_context();
    damage.PutInode(misfit, row);
    damage.Put(kInodeFamily, FidKey(unreadable), "\x08\x63");
  });
  files.erase("/vault/f1");
  files.erase("/vault/f2");
  ExpectFoundAndLeft({"context", "unreadable"});
}

TEST_F(FsckOfACluster, PathsAreToldInTheNoKeyFormWithoutTheKey) {
  const Fid fid = FidOf("/vault/f1");
  DamageIt([&](Damage& damage) {
    rows::InodeRow row = damage.Inode(fid);
    row.mutable_attr()->set_nlink(5);
    damage.PutInode(fid, row);
  });
  FsckReport report = RunFsck(client, false);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].path, "/vault/f1");
  EXPECT_EQ(report.findings[0].fid, ToString(fid));
  ASSERT_EQ(client.Lock("/vault"), Code::kOk);
  report = RunFsck(client, true);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_TRUE(report.findings[0].path.starts_with("/vault/") && report.findings[0].path != "/vault/f1") << Told(report);
  EXPECT_EQ(report.left, 0U) << "no key is needed to mend";
  ASSERT_EQ(client.Unlock("/vault", 1), Code::kOk);
  ExpectFilesWhole();
}

TEST_F(FsckOfACluster, FindingsAreCountedWhereTheyAreTooManyToTell) {
  const Fid fid = FidOf("/plain/f1"), other = FidOf("/plain/f2");
  DamageIt([&](Damage& damage) {
    for (const Fid& each : {fid, other}) {
      rows::InodeRow row = damage.Inode(each);
      row.mutable_attr()->set_nlink(5);
      damage.PutInode(each, row);
    }
  });
  FsckOptions options;
  options.findings_max = 1;
  const Result<FsckReport> report = client.Run(Fsck(client.core, options));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->left, 2U);
}

TEST_F(FsckOfACluster, AnswersThatAreLostAreMendedOnce) {
  const Fid plain = FidOf("/plain");
  for (const auto loss : {CallLog::Loss::kRequest, CallLog::Loss::kReply}) {
    DamageIt([&](Damage& damage) { damage.Count(plain, 3, 2); });
    client.log.LoseNext("mds.Mend", loss);
    client.log.LoseNext("mds.Check", loss, 1);
    const FsckReport report = RunFsck(client, true);
    EXPECT_TRUE(client.log.AllLost());
    EXPECT_EQ(report.left, 0U) << Told(report);
    ExpectClean("a difference is added once");
  }
}

TEST_F(FsckOfACluster, CountersOfTheRootThatCannotBeReadLetNobodyOut) {
  DamageIt([&](Damage& damage) { damage.Put(kDirstatFamily, FidKey(kRootFid), "?"); });
  EXPECT_EQ(client.Get("/plain/f1"), Content("/plain/f1")) << "nor is anybody kept from his files";
  EXPECT_EQ(client.Stat("/").code(), Code::kIo);
  ExpectFoundAndMended({"counters"});
  EXPECT_EQ(client.Stat("/")->attr().nlink(), 4U);
}

// Big enough for the strand to do other things while it is counted.
TEST_F(FsckOfACluster, TwoMendsAtOnceAddADifferenceOnce) {
  const Fid plain = FidOf("/plain");
  DamageIt([&](Damage& damage) {
    FillWithFifos(damage, plain, 5000);
    damage.Count(plain, 4000, -3);
  });
  TestClient other(cluster, 8);
  v1::MendRequest request;
  request.mutable_finding()->set_kind(v1::FINDING_COUNTERS);
  request.mutable_finding()->set_area(v1::CHECK_INODES);
  request.mutable_finding()->set_key(FidKey(plain));
  std::vector<Task<Result<v1::MendReply>>> both;
  both.push_back(client.core.session().Call(&MdsApi::Mend, request, CallKind::kChange));
  both.push_back(other.core.session().Call(&MdsApi::Mend, request, CallKind::kChange));
  std::multiset<v1::MendOutcome> outcomes;
  for (const Result<v1::MendReply>& reply : cluster.loop.Run(WhenAll(std::move(both)))) {
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
    outcomes.insert(reply->outcome());
  }
  EXPECT_EQ(outcomes, (std::multiset<v1::MendOutcome>{v1::MEND_DONE, v1::MEND_GONE}));
  ExpectClean("after both");
  EXPECT_EQ(client.Stat("/plain")->attr().nlink(), 2U);
}

TEST_F(FsckOfACluster, ABigDirectoryIsCountedAsOfOneMomentWhileItChanges) {
  const Fid plain = FidOf("/plain");
  DamageIt([&](Damage& damage) {
    FillWithFifos(damage, plain, 5000);
    damage.Count(plain, 5000, 0);
  });
  bool stop = false, stopped = false;
  Detach(MakeAndRemoveDirectories(client.core, &stop, &stopped));
  TestClient other(cluster, 8);
  for (int round = 0; round < 10; ++round) EXPECT_EQ(Told(RunFsck(other, round % 2 == 1)), "");
  stop = true;
  for (int i = 0; i < 1000 && !stopped; ++i) cluster.loop.Pass(std::chrono::milliseconds(1));
  ASSERT_TRUE(stopped);
  ExpectClean("after that");
}

// Its file is removed, and the removal done, after the OST has listed it and before the metadata is looked at.
TEST_F(FsckOfACluster, AnObjectThatGoesWhileItIsLookedAtIsNoFinding) {
  bool removed = false;
  cluster.orders.tamper = [&](const std::string& name, google::protobuf::Message&) {
    if (name != "oss.ListObjects" || std::exchange(removed, true)) return;
    for (const char* path : {"/vault/f0", "/vault/f1", "/vault/f2", "/plain/striped"}) {
      EXPECT_EQ(client.Unlink(path), Code::kOk);
      files.erase(path);
    }
    cluster.loop.Pass(std::chrono::seconds(30));
  };
  ExpectClean("while objects went");
  EXPECT_TRUE(removed);
  cluster.orders.tamper = nullptr;
  ExpectClean("after that");
}

TEST_F(FsckOfACluster, AServerThatRestartsOnTheWayIsWaitedFor) {
  const Fid plain = FidOf("/plain");
  DamageIt([&](Damage& damage) { damage.Count(plain, 3, 2); });
  client.log.AtCall("mds.Check", 1, [this] { cluster.CrashMds(); });
  client.log.AtCall("mds.Mend", 0, [this] { cluster.CrashMds(); });
  client.log.AtCall("mds.Check", 5, [this] { cluster.CrashOst(0); });
  const FsckReport report = RunFsck(client, true);
  EXPECT_EQ(report.left, 0U) << Told(report);
  ExpectClean("then");
  ExpectFilesWhole();
}

TEST_F(FsckOfACluster, OnlyRootAndTheOwnerOfTheRootDirectoryMay) {
  TestClient owner(cluster, 5, std::chrono::seconds(60), 1000), other(cluster, 6, std::chrono::seconds(60), 1001);
  EXPECT_EQ(owner.Run(Fsck(owner.core, FsckOptions())).code(), Code::kNotPermitted);
  v1::SetAttrRequest request;
  *request.mutable_fid() = ToWire(kRootFid);
  request.set_set_uid(true);
  request.set_uid(1000);
  ASSERT_TRUE(client.Run(client.core.names().SetAttr(request)).ok());
  EXPECT_TRUE(owner.Run(Fsck(owner.core, FsckOptions())).ok());
  v1::MendRequest mend;
  EXPECT_EQ(other.Run(other.core.session().Call(&MdsApi::Mend, mend, CallKind::kChange)).code(), Code::kNotPermitted);
}

TEST_F(FsckOfACluster, AnOstThatIsAwayIsNamedAndTheWaitEnds) {
  TestClient impatient(cluster, 5, std::chrono::seconds(3));
  cluster.StopOst(1);
  const Result<FsckReport> report = impatient.Run(Fsck(impatient.core, FsckOptions()));
  EXPECT_EQ(report.code(), Code::kUnavailable);
  EXPECT_NE(report.status().message().find("OST0001"), std::string::npos) << report.status().ToString();
  cluster.StartOst(1);
  ExpectClean("when it is back");
}

}  // namespace
}  // namespace nacre
