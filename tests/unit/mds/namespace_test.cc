// Names: making, finding, listing, linking, renaming and removing them; permissions and policies on the way.
#include "tests/unit/mds/rig.h"

namespace nacre {
namespace {

class Namespace : public MdsRig {};

TEST_F(Namespace, AMadeDirectoryIsFoundAndCounted) {
  auto made = Make(Root(), "dir");
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_NE(made->header().transno(), 0u);
  auto found = Lookup(Root(), "dir");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(FromWire(found->inode().fid()), FromWire(made->inode().fid()));
  EXPECT_EQ(found->inode().attr().nlink(), 2u);
  EXPECT_EQ(found->cookie(), made->cookie());
  EXPECT_EQ(found->inode().attr().mtime_ns(), made->inode().attr().mtime_ns());
  EXPECT_EQ(Stat(ToWire(kRootFid))->nlink(), 3u);
  EXPECT_EQ(Ping().inodes(), 2u);
}

TEST_F(Namespace, RefusesNamesThatAreNone) {
  for (const std::string& name : {std::string(""), std::string("."), std::string(".."), std::string("a/b"),
                                  std::string("a\0b", 3)}) {
    EXPECT_EQ(Make(Root(), name).code(), Code::kInvalid) << name;
  }
  EXPECT_EQ(Make(Root(), std::string(256, 'x')).code(), Code::kNameTooLong);
  EXPECT_TRUE(Make(Root(), std::string(255, 'x')).ok());
  v1::MakeRequest nameless = MakeOf(Root(), "x");
  nameless.clear_name();
  EXPECT_EQ(SyncWait(server->Make(nameless)).code(), Code::kInvalid);
}

TEST_F(Namespace, RefusesWhatAnInodeCannotBe) {
  v1::MakeRequest mode = MakeOf(Root(), "x");
  mode.set_mode(010000);
  EXPECT_EQ(SyncWait(server->Make(mode)).code(), Code::kInvalid);
  v1::MakeRequest type = MakeOf(Root(), "x", v1::FILE_TYPE_REGULAR);
  EXPECT_EQ(SyncWait(server->Make(type)).code(), Code::kInvalid);
  v1::MakeRequest target = MakeOf(Root(), "x");
  target.set_symlink_target("t");
  EXPECT_EQ(SyncWait(server->Make(target)).code(), Code::kInvalid);
  v1::MakeRequest strange_type = MakeOf(Root(), "x", static_cast<v1::FileType>(99));
  EXPECT_EQ(SyncWait(server->Make(strange_type)).code(), Code::kInvalid);
  uid = 5;
  EXPECT_EQ(Make(Root(), "d", v1::FILE_TYPE_BLOCK_DEVICE).code(), Code::kNotPermitted);
}

TEST_F(Namespace, AFidIsUsedOnceAndOnlyFromAnOwnRange) {
  v1::MakeRequest first = MakeOf(Root(), "first");
  ASSERT_TRUE(SyncWait(server->Make(first)).ok());
  v1::MakeRequest again = MakeOf(Root(), "again");
  *again.mutable_fid() = first.fid();
  EXPECT_EQ(SyncWait(server->Make(again)).code(), Code::kInvalid);
  ASSERT_TRUE(Unlink(Root(), "first", true).ok());
  v1::MakeRequest reused = MakeOf(Root(), "again");
  *reused.mutable_fid() = first.fid();
  EXPECT_EQ(SyncWait(server->Make(reused)).code(), Code::kInvalid) << "not even after the inode is gone";
  for (const Fid& fid : {Fid{.seq = range + 7, .oid = 1}, Fid{.seq = range, .oid = 0}, Fid{.seq = range, .oid = 1001},
                         Fid{.seq = range, .oid = 9, .ver = 1}, kRootFid}) {
    v1::MakeRequest foreign = MakeOf(Root(), "x");
    *foreign.mutable_fid() = ToWire(fid);
    EXPECT_EQ(SyncWait(server->Make(foreign)).code(), Code::kInvalid) << ToString(fid);
  }
}

TEST_F(Namespace, ExistingNamesAndMissingParentsAreRefused) {
  ASSERT_TRUE(Make(Root(), "dir").ok());
  EXPECT_EQ(Make(Root(), "dir").code(), Code::kExists);
  EXPECT_EQ(Lookup(Root(), "other").code(), Code::kNotFound);
  EXPECT_EQ(Lookup(In(ToWire(Fid{.seq = 99, .oid = 1})), "x").code(), Code::kStale);
  const v1::Fid file = File(Root(), "file");
  EXPECT_EQ(Lookup(In(file), "x").code(), Code::kNotDirectory);
  EXPECT_EQ(Readdir(file).code(), Code::kNotDirectory);
}

TEST_F(Namespace, ReaddirGoesOnByCookieAndSeesEachEntryOnce) {
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "name" + std::to_string(i);
    ASSERT_TRUE(Make(Root(), name, v1::FILE_TYPE_SYMLINK).ok());
    expected.insert(name);
  }
  std::set<std::string> seen;
  uint64_t after = 0;
  while (true) {
    auto page = Readdir(ToWire(kRootFid), after, 7);
    ASSERT_TRUE(page.ok());
    for (const auto& entry : page->entries()) {
      EXPECT_GT(entry.cookie(), after);
      EXPECT_EQ(entry.cookie() >> 63, 0u);
      after = entry.cookie();
      EXPECT_TRUE(seen.insert(entry.name()).second);
      EXPECT_EQ(entry.inode().symlink_target(), "somewhere");
    }
    if (page->end()) break;
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(Readdir(ToWire(kRootFid), ~uint64_t{0}).code(), Code::kInvalid);
}

TEST_F(Namespace, UnlinkAndRmdirWantTheRightType) {
  ASSERT_TRUE(Make(Root(), "dir").ok());
  File(Root(), "file");
  EXPECT_EQ(Unlink(Root(), "dir").code(), Code::kIsDirectory);
  EXPECT_EQ(Unlink(Root(), "file", true).code(), Code::kNotDirectory);
  const v1::Fid dir = Lookup(Root(), "dir")->inode().fid();
  File(In(dir), "inside");
  EXPECT_EQ(Unlink(Root(), "dir", true).code(), Code::kNotEmpty);
  EXPECT_TRUE(Unlink(In(dir), "inside").ok());
  EXPECT_TRUE(Unlink(Root(), "dir", true).ok());
  EXPECT_EQ(Lookup(Root(), "dir").code(), Code::kNotFound);
  EXPECT_EQ(Stat(dir).code(), Code::kStale);
  EXPECT_EQ(Stat(ToWire(kRootFid))->nlink(), 2u);
  EXPECT_EQ(Ping().inodes(), 2u);
}

TEST_F(Namespace, HardLinksCountAndPathsFollowTheNamesLeft) {
  const v1::Fid file = File(Root(), "one");
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  EXPECT_EQ(Link(file, In(dir), "two"), Code::kOk);
  EXPECT_EQ(Link(file, In(dir), "two"), Code::kExists);
  EXPECT_EQ(Link(dir, Root(), "loop"), Code::kNotPermitted);
  EXPECT_EQ(Stat(file)->nlink(), 2u);
  const auto path = [&] {
    v1::GetPathRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = file;
    std::string text;
    auto reply = SyncWait(server->GetPath(request));
    if (!reply.ok()) return std::string(CodeName(reply.code()));
    for (const auto& step : reply->steps()) text += "/" + step.name();
    return text;
  };
  EXPECT_EQ(path(), "/one");
  ASSERT_TRUE(Unlink(Root(), "one").ok());
  EXPECT_EQ(path(), "/dir/two");
  EXPECT_EQ(Rename(In(dir), "two", Root(), "three"), Code::kOk);
  EXPECT_EQ(path(), "/three");
  EXPECT_EQ(Stat(file)->nlink(), 1u);
  ASSERT_TRUE(Unlink(Root(), "three").ok());
  EXPECT_EQ(Stat(file).code(), Code::kStale);
  EXPECT_FALSE(kv->Seek(kLinkFamily, {})->Valid());
}

TEST_F(Namespace, RenameReplacesByTheRulesOfPosix) {
  File(Root(), "file");
  const v1::Fid other = File(Root(), "other");
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  ASSERT_TRUE(Make(Root(), "empty").ok());
  File(In(dir), "inside");
  EXPECT_EQ(Rename(Root(), "missing", Root(), "x"), Code::kNotFound);
  EXPECT_EQ(Rename(Root(), "file", Root(), "dir"), Code::kIsDirectory);
  EXPECT_EQ(Rename(Root(), "dir", Root(), "file"), Code::kNotDirectory);
  EXPECT_EQ(Rename(Root(), "empty", Root(), "dir"), Code::kNotEmpty);
  EXPECT_EQ(Rename(Root(), "dir", Root(), "empty"), Code::kOk);
  EXPECT_EQ(Stat(ToWire(kRootFid))->nlink(), 3u);
  EXPECT_EQ(Rename(Root(), "file", Root(), "other"), Code::kOk);
  EXPECT_EQ(Stat(other).code(), Code::kStale);
  EXPECT_EQ(Lookup(Root(), "file").code(), Code::kNotFound);
  EXPECT_EQ(FromWire(Lookup(Root(), "empty")->inode().fid()), FromWire(dir));
  EXPECT_EQ(Readdir(ToWire(kRootFid))->entries_size(), 2);
}

TEST_F(Namespace, RenameRefusesCycles) {
  const v1::Fid a = Make(Root(), "a")->inode().fid();
  const v1::Fid b = Make(In(a), "b")->inode().fid();
  const v1::Fid c = Make(In(b), "c")->inode().fid();
  EXPECT_EQ(Rename(Root(), "a", In(c), "a"), Code::kInvalid);
  EXPECT_EQ(Rename(Root(), "a", In(a), "a"), Code::kInvalid);
  EXPECT_EQ(Rename(In(a), "b", Root(), "b"), Code::kOk);
  EXPECT_EQ(Rename(Root(), "a", In(c), "a"), Code::kOk);
  EXPECT_EQ(Stat(ToWire(kRootFid))->nlink(), 3u);
  v1::RenameRequest exchange = RenameOf(Root(), "b", In(c), "a");
  exchange.set_exchange(true);
  EXPECT_EQ(SyncWait(server->Rename(exchange)).code(), Code::kInvalid) << "b would come below itself";
}

TEST_F(Namespace, RenameExchangesAndDoesNotReplaceWhenAsked) {
  const v1::Fid file = File(Root(), "file");
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  const v1::Fid inner = Make(In(dir), "inner")->inode().fid();
  v1::RenameRequest request = RenameOf(Root(), "file", In(dir), "inner");
  request.set_no_replace(true);
  EXPECT_EQ(SyncWait(server->Rename(request)).code(), Code::kExists);
  request = RenameOf(Root(), "file", In(dir), "inner");
  request.set_exchange(true);
  ASSERT_TRUE(SyncWait(server->Rename(request)).ok());
  EXPECT_EQ(FromWire(Lookup(Root(), "file")->inode().fid()), FromWire(inner));
  EXPECT_EQ(FromWire(Lookup(In(dir), "inner")->inode().fid()), FromWire(file));
  EXPECT_EQ(Stat(ToWire(kRootFid))->nlink(), 4u);
  EXPECT_EQ(Stat(dir)->nlink(), 2u);
  request = RenameOf(Root(), "file", Root(), "nothing");
  request.set_exchange(true);
  EXPECT_EQ(SyncWait(server->Rename(request)).code(), Code::kNotFound);
  request = RenameOf(Root(), "file", Root(), "nothing");
  request.set_exchange(true);
  request.set_no_replace(true);
  EXPECT_EQ(SyncWait(server->Rename(request)).code(), Code::kInvalid);
}

TEST_F(Namespace, RenameOntoAnotherNameOfTheSameFileLeavesBoth) {
  const v1::Fid file = File(Root(), "a");
  ASSERT_EQ(Link(file, Root(), "b"), Code::kOk);
  EXPECT_EQ(Rename(Root(), "a", Root(), "b"), Code::kOk);
  EXPECT_TRUE(Lookup(Root(), "a").ok());
  EXPECT_TRUE(Lookup(Root(), "b").ok());
}

TEST_F(Namespace, PermissionsAreCheckedForTheCaller) {
  v1::SetAttrRequest chmod;
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  File(In(dir), "roots");
  uid = gid = 1000;
  EXPECT_EQ(Make(In(dir), "mine").code(), Code::kAccessDenied);
  EXPECT_EQ(Unlink(In(dir), "roots").code(), Code::kAccessDenied);
  EXPECT_EQ(Rename(In(dir), "roots", In(dir), "x"), Code::kAccessDenied);
  EXPECT_TRUE(Lookup(In(dir), "roots").ok());
  *chmod.mutable_header() = Header(session);
  *chmod.mutable_fid() = dir;
  chmod.set_set_mode(true);
  chmod.set_mode(01777);
  EXPECT_EQ(SyncWait(server->SetAttr(chmod)).code(), Code::kNotPermitted);
  uid = gid = 0;
  *chmod.mutable_header() = Header(session);
  ASSERT_TRUE(SyncWait(server->SetAttr(chmod)).ok());
  uid = gid = 1000;
  EXPECT_TRUE(Make(In(dir), "mine").ok());
  EXPECT_EQ(Unlink(In(dir), "roots").code(), Code::kNotPermitted) << "sticky";
  EXPECT_EQ(Rename(In(dir), "mine", In(dir), "roots"), Code::kNotPermitted) << "sticky";
  EXPECT_TRUE(Unlink(In(dir), "mine", true).ok());
  EXPECT_EQ(Open(OpenOf(In(dir), "roots", false, true)).code(), Code::kAccessDenied);
  EXPECT_TRUE(Open(OpenOf(In(dir), "roots", false, false)).ok());
}

// As utimensat has it: nobody but the owner may set one of the two, not even to now.
TEST_F(Namespace, WhoMayWriteSetsBothTimesToNowAndNothingElse) {
  const v1::Fid file = File(Root(), "file"), dir = Make(Root(), "dir")->inode().fid();
  const auto set = [&](const v1::Fid& fid, const std::function<void(v1::SetAttrRequest&)>& how) {
    v1::SetAttrRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = fid;
    how(request);
    return SyncWait(server->SetAttr(request)).code();
  };
  const auto touch = [](v1::SetAttrRequest& request) {
    request.set_set_atime(true);
    request.set_atime_now(true);
    request.set_set_mtime(true);
    request.set_mtime_now(true);
  };
  for (const v1::Fid& fid : {file, dir}) {
    clock.now_ns += 1'000'000'000;
    uid = gid = 1000;
    EXPECT_EQ(set(fid, touch), Code::kAccessDenied);
    uid = gid = 0;
    EXPECT_EQ(set(fid, [](v1::SetAttrRequest& request) { request.set_set_mode(true), request.set_mode(0777); }),
              Code::kOk);
    uid = gid = 1000;
    EXPECT_EQ(set(fid, touch), Code::kOk);
    EXPECT_EQ(Stat(fid)->atime_ns(), clock.WallNs());
    EXPECT_EQ(Stat(fid)->mtime_ns(), clock.WallNs());
    EXPECT_EQ(set(fid, [&](v1::SetAttrRequest& request) { touch(request), request.set_mtime_now(false); }),
              Code::kNotPermitted);
    EXPECT_EQ(set(fid, [&](v1::SetAttrRequest& request) { touch(request), request.set_set_mtime(false); }),
              Code::kNotPermitted);
    EXPECT_EQ(set(fid, [&](v1::SetAttrRequest& request) { touch(request), request.set_set_atime(false); }),
              Code::kNotPermitted);
    uid = gid = 0;
  }
}

class EncryptedNamespace : public MdsRig {
 protected:
  void SetUp() override {
    MdsRig::SetUp();
    v1::MakeRequest request = MakeOf(Root(), "vault");
    request.set_context(vault_context);
    auto made = SyncWait(server->Make(request));
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    vault_fid = made->inode().fid();
  }
  v1::Parent Vault() { return In(vault_fid, vault_context); }
  Result<v1::MakeReply> MakeIn(const v1::Parent& parent, const std::string& name, const std::string& context,
                               v1::FileType type = v1::FILE_TYPE_DIRECTORY) {
    v1::MakeRequest request = MakeOf(parent, name, type);
    if (type == v1::FILE_TYPE_SYMLINK) request.set_symlink_target(std::string(34, 't'));
    request.set_context(context);
    return SyncWait(server->Make(request));
  }
  const std::string vault_context = TestContext(1, 1);
  const std::string name16 = std::string(16, 'n'), other16 = std::string(16, 'o');
  v1::Fid vault_fid;
};

TEST_F(EncryptedNamespace, EveryAnswerThatShowsAnInodeShowsItsContext) {
  EXPECT_EQ(Lookup(Root(), "vault")->inode().context(), vault_context);
  v1::OpenRequest create = OpenOf(Vault(), name16, true, true);
  create.set_context(TestContext(1, 2));
  auto created = Open(create);
  ASSERT_TRUE(created.ok()) << created.status().ToString();
  EXPECT_EQ(created->reply.inode().context(), TestContext(1, 2));
  EXPECT_EQ(Readdir(vault_fid)->entries(0).inode().context(), TestContext(1, 2));
  EXPECT_EQ(Readdir(vault_fid)->directory_context(), vault_context);
}

TEST_F(EncryptedNamespace, ANameMadeForAnotherPolicyDoesNothing) {
  EXPECT_EQ(MakeIn(In(vault_fid), name16, TestContext(1, 2)).code(), Code::kContextChanged);
  EXPECT_EQ(MakeIn(In(ToWire(kRootFid), vault_context), name16, {}).code(), Code::kContextChanged);
  EXPECT_EQ(Lookup(In(vault_fid, TestContext(1, 9)), name16).code(), Code::kContextChanged);
}

TEST_F(EncryptedNamespace, NothingIsBornWithoutTheParentsPolicy) {
  EXPECT_EQ(MakeIn(Vault(), name16, {}).code(), Code::kNotPermitted);
  EXPECT_EQ(MakeIn(Vault(), name16, TestContext(2, 2)).code(), Code::kCrossPolicy);
  EXPECT_EQ(MakeIn(Vault(), name16, vault_context).code(), Code::kInvalid) << "the parent's own nonce";
  EXPECT_EQ(MakeIn(Vault(), name16, "garbage").code(), Code::kInvalid);
  EXPECT_EQ(MakeIn(Vault(), "short", TestContext(1, 2)).code(), Code::kInvalid) << "no ciphertext is that short";
  EXPECT_EQ(MakeIn(Vault(), name16, {}, v1::FILE_TYPE_SYMLINK).code(), Code::kNotPermitted);
  EXPECT_EQ(MakeIn(Vault(), name16, TestContext(1, 3), v1::FILE_TYPE_FIFO).code(), Code::kInvalid);
  EXPECT_TRUE(MakeIn(Vault(), name16, {}, v1::FILE_TYPE_FIFO).ok());
  EXPECT_TRUE(MakeIn(Vault(), other16, TestContext(1, 3), v1::FILE_TYPE_SYMLINK).ok());
  EXPECT_EQ(MakeIn(Root(), "plain", TestContext(1, 4), v1::FILE_TYPE_SYMLINK).code(), Code::kInvalid);
}

TEST_F(EncryptedNamespace, WhatHasAnotherPolicyDoesNotComeInButMayGoOut) {
  const v1::Fid plain = File(Root(), "plain");
  EXPECT_EQ(Rename(Root(), "plain", Vault(), name16), Code::kCrossPolicy);
  EXPECT_EQ(Link(plain, Vault(), name16), Code::kCrossPolicy);
  ASSERT_TRUE(Make(Root(), "fifo", v1::FILE_TYPE_FIFO).ok());
  EXPECT_EQ(Rename(Root(), "fifo", Vault(), other16), Code::kOk) << "special files bear no policy";
  ASSERT_TRUE(MakeIn(Vault(), name16, TestContext(1, 5)).ok());
  EXPECT_EQ(Rename(Vault(), name16, Root(), "out"), Code::kOk);
  EXPECT_EQ(Lookup(Root(), "out")->inode().context(), TestContext(1, 5));
  EXPECT_EQ(Rename(Root(), "out", Vault(), name16), Code::kOk);
}

TEST_F(EncryptedNamespace, WithoutTheKeyEntriesAreFoundAndRemovedButNotMadeOrMoved) {
  const std::string long_name(200, 'l');
  auto made = MakeIn(Vault(), long_name, TestContext(1, 6));
  ASSERT_TRUE(made.ok());
  v1::EntryName locked;
  locked.mutable_no_key()->set_cookie(made->cookie());
  locked.mutable_no_key()->set_prefix(long_name.substr(0, 149));
  locked.mutable_no_key()->set_rest_sha256(nacre::ToString(ByteView(Sha256(AsBytes(long_name.substr(149))))));
  v1::LookupRequest lookup = LookupOf(Vault(), "");
  *lookup.mutable_name() = locked;
  EXPECT_TRUE(SyncWait(server->Lookup(lookup)).ok());
  lookup.mutable_name()->mutable_no_key()->set_prefix(std::string(149, 'x'));
  EXPECT_EQ(SyncWait(server->Lookup(lookup)).code(), Code::kNotFound);
  lookup.mutable_name()->mutable_no_key()->set_rest_sha256("short");
  EXPECT_EQ(SyncWait(server->Lookup(lookup)).code(), Code::kInvalid);
  v1::RenameRequest rename = RenameOf(Vault(), "", Root(), "out");
  *rename.mutable_from_name() = locked;
  EXPECT_EQ(SyncWait(server->Rename(rename)).code(), Code::kNoKey);
  v1::MakeRequest make = MakeOf(Vault(), "");
  *make.mutable_name() = locked;
  EXPECT_EQ(SyncWait(server->Make(make)).code(), Code::kNoKey);
  v1::UnlinkRequest unlink;
  *unlink.mutable_header() = Header(session);
  *unlink.mutable_parent() = Vault();
  *unlink.mutable_name() = locked;
  unlink.set_directory(true);
  EXPECT_TRUE(SyncWait(server->Unlink(unlink)).ok());
}

TEST_F(EncryptedNamespace, APolicyIsSetOnEmptyDirectoriesOnly) {
  const v1::Fid dir = Make(Root(), "dir")->inode().fid();
  File(In(dir), "file");
  v1::SetPolicyRequest request;
  const auto set = [&](const std::string& context) {
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = dir;
    request.set_context(context);
    return SyncWait(server->SetPolicy(request)).code();
  };
  EXPECT_EQ(set(TestContext(3, 1)), Code::kNotEmpty);
  ASSERT_TRUE(Unlink(In(dir), "file").ok());
  EXPECT_EQ(set("nonsense"), Code::kInvalid);
  EXPECT_EQ(set(TestContext(3, 1)), Code::kOk);
  EXPECT_EQ(set(TestContext(3, 2)), Code::kOk) << "the same policy again";
  EXPECT_EQ(Lookup(Root(), "dir")->inode().context(), TestContext(3, 1));
  EXPECT_EQ(set(TestContext(4, 1)), Code::kExists);
}

TEST_F(Namespace, XattrsKeepTheirBoundsAndTheirOwners) {
  const v1::Fid file = File(Root(), "file");
  const auto set = [&](const std::string& name, const std::string& value, bool remove = false) {
    v1::SetXattrRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = file;
    request.mutable_xattr()->set_name(name);
    request.mutable_xattr()->set_value(value);
    request.set_remove(remove);
    return SyncWait(server->SetXattr(request)).code();
  };
  const auto count = [&] {
    v1::GetXattrsRequest request;
    *request.mutable_header() = Header(session);
    *request.mutable_fid() = file;
    return SyncWait(server->GetXattrs(request))->xattrs_size();
  };
  EXPECT_EQ(set("user.a", "1"), Code::kOk);
  EXPECT_EQ(set("trusted.b", "2"), Code::kOk);
  EXPECT_EQ(set("system.posix_acl_access", "x"), Code::kUnsupported);
  EXPECT_EQ(set("user.", "x"), Code::kUnsupported);
  EXPECT_EQ(set("user." + std::string(251, 'n'), "x"), Code::kRange);
  EXPECT_EQ(set("user.big", std::string(65536, 'v')), Code::kNoSpace);
  EXPECT_EQ(set("user.none", "", true), Code::kNoData);
  EXPECT_TRUE(Stat(file)->has_xattrs());
  EXPECT_EQ(count(), 2);
  uid = gid = 9;
  EXPECT_EQ(count(), 1) << "trusted.* is root's";
  EXPECT_EQ(set("user.a", "3"), Code::kAccessDenied);
  EXPECT_EQ(set("trusted.b", "3"), Code::kNotPermitted);
  uid = gid = 0;
  EXPECT_EQ(set("user.a", "", true), Code::kOk);
  ASSERT_TRUE(Unlink(Root(), "file").ok());
  EXPECT_FALSE(kv->Seek(kXattrFamily, {})->Valid());
}

}  // namespace
}  // namespace nacre
