// The judge of fsck, without a server: from facts that are as they should be, one is changed, and just the finding that
// tells it comes out.
#include <gtest/gtest.h>

#include <functional>

#include "common/fs/encryption_context.h"
#include "common/wire/wire.h"
#include "mds/core/fsck/judge.h"
#include "mds/core/key_schema.h"

namespace nacre {
namespace {

constexpr Fid kDirectory{.seq = 2, .oid = 5};
constexpr Fid kFile{.seq = 2, .oid = 6};

std::string Context(uint8_t key, uint8_t nonce) {
  EncryptionContext context;
  context.policy.key_identifier.fill(key);
  context.nonce.fill(nonce);
  return EncodeContext(context);
}

EntryFacts GoodEntry() {
  EntryFacts facts{.key = DirentKey(kDirectory, 512), .key_fits = true, .directory = kDirectory, .cookie = 512};
  facts.parent = {.state = InodeState::kReadable, .type = v1::FILE_TYPE_DIRECTORY};
  facts.row_reads = true;
  facts.name = "name";
  facts.target = kFile;
  facts.type = v1::FILE_TYPE_REGULAR;
  facts.child = {.state = InodeState::kReadable, .type = v1::FILE_TYPE_REGULAR};
  facts.claimed = true;
  return facts;
}

ClaimedName NameInRow(bool there = true) {
  return {.parent = kDirectory, .cookie = 512, .in_row = true, .there = there};
}
ClaimedName NameInLink(uint64_t cookie, bool there = true) {
  return {.parent = kDirectory, .cookie = cookie, .in_row = false, .there = there};
}

InodeFacts GoodFile() {
  InodeFacts facts{.key = FidKey(kFile), .key_fits = true, .fid = kFile, .row_reads = true};
  facts.type = v1::FILE_TYPE_REGULAR;
  facts.nlink = 1;
  facts.names.push_back(NameInRow());
  return facts;
}
InodeFacts GoodDirectory() {
  InodeFacts facts = GoodFile();
  facts.type = v1::FILE_TYPE_DIRECTORY;
  return facts;
}

// The kinds, and '!' behind those that cannot be mended.
std::string Told(const Findings& findings) {
  std::string out;
  for (const v1::Finding& finding : findings) {
    if (!out.empty()) out += ' ';
    out += v1::FindingKind_Name(finding.kind()).substr(sizeof("FINDING_") - 1);
    if (!finding.mendable()) out += '!';
    EXPECT_FALSE(finding.what().empty());
    EXPECT_NE(finding.area(), v1::CHECK_NONE);
  }
  return out;
}
template <typename Facts>
std::string AfterwardsTold(Facts facts, Findings (*judge)(const Facts&), const std::function<void(Facts&)>& change) {
  change(facts);
  return Told(judge(facts));
}
std::string Entry(const std::function<void(EntryFacts&)>& change) {
  return AfterwardsTold(GoodEntry(), JudgeEntry, change);
}
std::string File(const std::function<void(InodeFacts&)>& change) {
  return AfterwardsTold(GoodFile(), JudgeInode, change);
}
std::string Directory(const std::function<void(InodeFacts&)>& change) {
  return AfterwardsTold(GoodDirectory(), JudgeInode, change);
}

TEST(FsckJudge, WhatIsAsItShouldBeIsNoFinding) {
  EXPECT_EQ(Told(JudgeEntry(GoodEntry())), "");
  EXPECT_EQ(Told(JudgeInode(GoodFile())), "");
  EXPECT_EQ(Told(JudgeInode(GoodDirectory())), "");
  EXPECT_EQ(Told(JudgeCounters(
                {.fid = kDirectory, .stated = {.entries = 3, .subdirectories = 1}, .entries = 3, .subdirectories = 1})),
            "");
  EXPECT_EQ(Told(JudgeSize({.fid = kFile, .stated = 9, .of_objects = 9, .blocks_stated = 8, .blocks_of_objects = 16})),
            "");
}

TEST(FsckJudge, AnEntryThatLeadsNowhereIsFoundOnce) {
  EXPECT_EQ(Entry([](auto& f) { f.key_fits = false; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.parent = {}; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.parent.type = v1::FILE_TYPE_REGULAR; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.row_reads = false; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.child = {}; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.name_fits = false; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.name_leads_here = false; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.type = v1::FILE_TYPE_SYMLINK; }), "ENTRY");
  EXPECT_EQ(Entry([](auto& f) { f.row_reads = f.name_fits = f.claimed = false; }), "ENTRY");
}

TEST(FsckJudge, AnEntryWhoseInodeOrDirectoryCannotBeReadIsLeftInPeace) {
  EXPECT_EQ(Entry([](auto& f) { f.child = {.state = InodeState::kUnreadable}; }), "");
  EXPECT_EQ(Entry([](auto& f) { f.parent = {.state = InodeState::kUnreadable}; }), "");
}

TEST(FsckJudge, AnEntryItsInodeDoesNotKnowIsANameOrASecondOne) {
  const auto as_directory = [](EntryFacts& f) { f.type = f.child.type = v1::FILE_TYPE_DIRECTORY; };
  EXPECT_EQ(Entry([](auto& f) { f.claimed = false; }), "NAME");
  EXPECT_EQ(Entry([](auto& f) { f.claimed = false, f.child_has_a_name = true; }), "NAME") << "a file may have many";
  EXPECT_EQ(Entry([&](auto& f) { as_directory(f), f.claimed = false; }), "NAME");
  EXPECT_EQ(Entry([&](auto& f) { as_directory(f), f.claimed = false, f.child_has_a_name = true; }), "DOUBLE");
  EXPECT_EQ(Entry([&](auto& f) { as_directory(f), f.claimed = false, f.child_is_root = true; }), "DOUBLE");
}

TEST(FsckJudge, AContextThatIsNotTheParentsIsToldAndNotMended) {
  const auto below = [](const std::string& parent, const std::string& child,
                        v1::FileType type = v1::FILE_TYPE_REGULAR) {
    return Entry([&](auto& f) {
      f.parent.context = parent;
      f.child.context = child;
      f.type = f.child.type = type;
    });
  };
  EXPECT_EQ(below(Context(1, 1), Context(1, 2)), "");
  EXPECT_EQ(below(Context(1, 1), Context(2, 2)), "CONTEXT!");
  EXPECT_EQ(below(Context(1, 1), ""), "CONTEXT!");
  EXPECT_EQ(below(Context(1, 1), "", v1::FILE_TYPE_FIFO), "") << "special files bear none";
  EXPECT_EQ(below("", Context(1, 1)), "") << "an encrypted file may be linked into a plain directory";
  EXPECT_EQ(File([](auto& f) { f.context_fits = false; }), "CONTEXT!");
}

TEST(FsckJudge, LinksAreCountedByTheNamesThatAreThere) {
  EXPECT_EQ(File([](auto& f) { f.nlink = 2; }), "NLINK");
  EXPECT_EQ(File([](auto& f) { f.nlink = 0; }), "NLINK");
  EXPECT_EQ(File([](auto& f) { f.nlink = 2, f.names.push_back(NameInLink(768)); }), "");
  EXPECT_EQ(File([](auto& f) { f.names.push_back(NameInLink(768)); }), "NLINK");
  EXPECT_EQ(File([](auto& f) { f.nlink = 2, f.names.push_back(NameInLink(768, false)); }), "NLINK");
  const Findings findings = JudgeInode([] {
    InodeFacts facts = GoodFile();
    facts.nlink = 7;
    return facts;
  }());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].stated(), 7U);
  EXPECT_EQ(findings[0].counted(), 1U);
}

TEST(FsckJudge, NamesThatAreSaidAndNotThereAreFound) {
  EXPECT_EQ(File([](auto& f) { f.names.push_back(NameInLink(768, false)); }), "NAME");
  EXPECT_EQ(File([](auto& f) { f.odd_link_rows = 1; }), "NAME");
  EXPECT_EQ(File([](auto& f) {
              f.names = {NameInRow(false), NameInLink(768)};
            }),
            "NAME")
      << "the row names one that is gone";
  EXPECT_EQ(File([](auto& f) { f.names = {NameInLink(768)}; }), "NAME");
  EXPECT_EQ(Directory([](auto& f) { f.names = {NameInLink(768)}; }), "NAME");
  EXPECT_EQ(Directory([](auto& f) { f.names.push_back(NameInLink(768)); }), "NAME");
}

TEST(FsckJudge, AnInodeWithoutNameIsLostUnlessItsMarkExplainsIt) {
  EXPECT_EQ(File([](auto& f) { f.names.clear(); }), "LOST");
  EXPECT_EQ(File([](auto& f) { f.names.front().there = false; }), "LOST");
  EXPECT_EQ(File([](auto& f) { f.names.clear(), f.nlink = 0; }), "LOST") << "the mark may be what is lost";
  EXPECT_EQ(File([](auto& f) { f.names.clear(), f.orphan_row = true; }), "LOST")
      << "it says links: the mark may be wrong";
  EXPECT_EQ(File([](auto& f) { f.names.clear(), f.nlink = 0, f.orphan_row = true; }), "");
  EXPECT_EQ(File([](auto& f) { f.names.front().there = false, f.nlink = 0, f.orphan_row = true; }), "NAME");
  EXPECT_EQ(Directory([](auto& f) { f.names.clear(); }), "LOST");
  EXPECT_EQ(Directory([](auto& f) { f.fid = kRootFid, f.names.clear(); }), "") << "the root has no name";
}

TEST(FsckJudge, AMarkOfSomethingThatHasANameIsFound) {
  EXPECT_EQ(File([](auto& f) { f.orphan_row = true; }), "ORPHAN_ROW");
  EXPECT_EQ(Directory([](auto& f) { f.orphan_row = true; }), "ORPHAN_ROW");
}

TEST(FsckJudge, ACircleIsToldOfOneOfItsDirectories) {
  EXPECT_EQ(Directory([](auto& f) { f.leads_cycle = true; }), "CYCLE");
}

TEST(FsckJudge, WhatCannotBeReadIsToldAndNothingElseOfIt) {
  EXPECT_EQ(File([](auto& f) { f.key_fits = false; }), "UNREADABLE!");
  EXPECT_EQ(File([](auto& f) { f.row_reads = false, f.names.clear(); }), "UNREADABLE!");
  EXPECT_EQ(File([](auto& f) { f.type = v1::FILE_TYPE_NONE, f.names.clear(); }), "UNREADABLE!");
  EXPECT_EQ(Directory([](auto& f) { f.salt_fits = false; }), "UNREADABLE!");
}

TEST(FsckJudge, ALayoutThatCannotBeRightIsToldAndLeft) {
  EXPECT_EQ(File([](auto& f) { f.layout_reads = false; }), "LAYOUT!");
  EXPECT_EQ(File([](auto& f) { f.unknown_ost = 9; }), "LAYOUT!");
  EXPECT_EQ(Directory([](auto& f) { f.layout_reads = false; }), "") << "only files have one";
}

TEST(FsckJudge, XattrsAreCounted) {
  EXPECT_EQ(File([](auto& f) { f.xattr_bytes = 5; }), "XATTR");
  EXPECT_EQ(File([](auto& f) { f.says_xattrs = true; }), "XATTR");
  EXPECT_EQ(File([](auto& f) { f.says_xattrs = true, f.xattr_bytes = 5, f.xattr_bytes_stated = 5; }), "");
  EXPECT_EQ(File([](auto& f) { f.says_xattrs = true, f.xattr_bytes = 5, f.xattr_bytes_stated = 6; }), "XATTR");
}

TEST(FsckJudge, RowsOfNoInodeAreFoundByTheirArea) {
  const auto left = [](v1::CheckArea area, bool key_fits, bool there) {
    return Told(JudgeLeftRows({.area = area, .key = "k", .key_fits = key_fits, .fid = kFile, .inode_there = there}));
  };
  EXPECT_EQ(left(v1::CHECK_XATTRS, true, true), "");
  EXPECT_EQ(left(v1::CHECK_XATTRS, true, false), "XATTR");
  EXPECT_EQ(left(v1::CHECK_LINKS, true, false), "NAME");
  EXPECT_EQ(left(v1::CHECK_ORPHANS, true, false), "ORPHAN_ROW");
  EXPECT_EQ(left(v1::CHECK_COUNTERS, false, false), "COUNTERS");
}

TEST(FsckJudge, CountersAreComparedBothOfThem) {
  const auto counters = [](int64_t entries, int64_t subdirectories, bool reads = true) {
    return Told(JudgeCounters({.fid = kDirectory,
                               .reads = reads,
                               .stated = {.entries = entries, .subdirectories = subdirectories},
                               .entries = 3,
                               .subdirectories = 1}));
  };
  EXPECT_EQ(counters(4, 1), "COUNTERS");
  EXPECT_EQ(counters(3, -1), "COUNTERS");
  EXPECT_EQ(counters(3, 1, false), "COUNTERS");
}

TEST(FsckJudge, ASizeIsWhatTheObjectsSayUnlessTheyMissData) {
  const auto size = [](uint64_t stated, uint64_t blocks, uint64_t of_objects, uint64_t blocks_there) {
    return Told(JudgeSize({.fid = kFile,
                           .stated = stated,
                           .of_objects = of_objects,
                           .blocks_stated = blocks,
                           .blocks_of_objects = blocks_there}));
  };
  EXPECT_EQ(size(5, 8, 4096, 8), "SIZE");
  EXPECT_EQ(size(9000, 8, 4096, 8), "SIZE");
  EXPECT_EQ(size(4096, 8, 0, 0), "SIZE!") << "its object is lost: the size may be right";
  EXPECT_EQ(size(4096, 16, 4096, 8), "SIZE!");
}

TEST(FsckJudge, AnObjectBelongsToALayoutOrToNobody) {
  const auto object = [](const std::function<void(ObjectFacts&)>& change) {
    ObjectFacts facts{.ost = 1, .key = std::string(kObjectIdBytes, 'k'), .reads = true};
    facts.inode = InodeState::kReadable;
    facts.named_by_layout = true;
    change(facts);
    return Told(JudgeObject(facts));
  };
  EXPECT_EQ(object([](auto&) {}), "");
  EXPECT_EQ(object([](auto& f) { f.reads = false; }), "UNREADABLE!");
  EXPECT_EQ(object([](auto& f) { f.named_by_layout = false; }), "STRAY_OBJECT");
  EXPECT_EQ(object([](auto& f) { f.named_by_layout = false, f.freed = true; }), "") << "it just goes";
  EXPECT_EQ(object([](auto& f) { f.named_by_layout = false, f.layout_reads = false; }), "") << "it may be needed";
  EXPECT_EQ(object([](auto& f) { f.named_by_layout = false, f.inode = InodeState::kUnreadable; }), "");
  EXPECT_EQ(object([](auto& f) { f.named_by_layout = false, f.inode = InodeState::kAbsent; }), "ORPHAN_OBJECT");
  EXPECT_EQ(object([](auto& f) { f.named_by_layout = false, f.inode = InodeState::kAbsent, f.freed = true; }), "");
}

}  // namespace
}  // namespace nacre
