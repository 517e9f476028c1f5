// The tree is what its rules and documents say it is. Each rule is first shown to catch a planted fault.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tidy/structure_rules.h"

namespace nacre::tidy {
namespace {

std::string Lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "  a();\n";
  return text;
}

template <typename Rule>
std::string OverTree(Rule rule) {
  Faults faults;
  for (const SourceFile& file : Tree()) {
    for (const std::string& fault : rule(file)) faults.push_back(fault);
  }
  return Join(faults);
}

TEST(Structure, NoFileIsLongerThanOneIdea) { EXPECT_EQ(OverTree(CheckFileLength), ""); }

TEST(Structure, ALongFileIsCaught) {
  EXPECT_EQ(CheckFileLength({"mds/core/a.cc", Lines(kFileLinesMax + 1)}).size(), 1U);
  EXPECT_EQ(CheckFileLength({"mds/core/a.cc", Lines(kFileLinesMax)}).size(), 0U);
  EXPECT_EQ(CheckFileLength({"docs/a.md", Lines(kFileLinesMax + 1)}).size(), 0U);
}

TEST(Structure, NoFunctionIsLongerThanAScreen) { EXPECT_EQ(OverTree(CheckFunctionLengths), ""); }

TEST(Structure, ALongFunctionIsCaughtWithItsLine) {
  const std::string text = "namespace nacre {\nclass A {\n  int F(int a) const {\n" + Lines(kFunctionLinesMax) + "  }\n};\n}\n";
  EXPECT_EQ(CheckFunctionLengths({"mds/core/a.cc", text}),
            (Faults{"mds/core/a.cc:3: a function of " + std::to_string(kFunctionLinesMax + 2) + " lines"}));
  EXPECT_EQ(CheckFunctionLengths({"tests/unit/a.cc", text}).size(), 0U);
}

TEST(Structure, ALongClassOrTableIsNoLongFunction) {
  EXPECT_EQ(CheckFunctionLengths({"mds/core/a.h", "class A {\n" + Lines(100) + "};\n"}).size(), 0U);
  EXPECT_EQ(CheckFunctionLengths({"mds/core/a.h", "const int kTable[] = {\n" + Lines(100) + "};\n"}).size(), 0U);
  EXPECT_EQ(CheckFunctionLengths({"mds/core/a.cc", "void F() { if (a) { b(); } }\n" + Lines(100) + "void G() {}\n"}).size(), 0U);
}

TEST(Structure, BracesInTextDoNotCount) {
  const std::string text = "void F() { a(\"{\"); b('{'); /* { */ }\n" + Lines(100) + "void G() {}\n";
  EXPECT_EQ(CheckFunctionLengths({"mds/core/a.cc", text}).size(), 0U);
}

TEST(Structure, EveryHeaderSaysWhatItIsAndIsReadOnce) { EXPECT_EQ(OverTree(CheckHeader), ""); }

TEST(Structure, ABareHeaderIsCaught) {
  EXPECT_EQ(CheckHeader({"a.h", "#include <map>\n"}).size(), 2U);
  EXPECT_EQ(CheckHeader({"a.h", "// A: what it is.\n#pragma once\n"}).size(), 0U);
}

TEST(Structure, EveryFileHasAMaintainersArea) {
  const SourceFile* maintainers = FindFile("MAINTAINERS");
  ASSERT_NE(maintainers, nullptr);
  const std::vector<std::string> patterns = MaintainerPatterns(maintainers->text);
  Faults faults;
  for (const SourceFile& file : Tree()) {
    const bool matched = std::any_of(patterns.begin(), patterns.end(), [&](auto& p) { return MatchesPattern(file.path, p); });
    if (!matched) faults.push_back(file.path + ": matched by no F: line of MAINTAINERS");
  }
  EXPECT_EQ(Join(faults), "");
}

TEST(Structure, MaintainersPatternsMatchFoldersAndFiles) {
  EXPECT_EQ(MaintainerPatterns("Area\nS: open\nF: a/ b.h\nF: *.md\n"), (std::vector<std::string>{"a/", "b.h", "*.md"}));
  EXPECT_TRUE(MatchesPattern("a/b/c.cc", "a/"));
  EXPECT_FALSE(MatchesPattern("ab/c.cc", "a/"));
  EXPECT_TRUE(MatchesPattern("README.md", "*.md"));
  EXPECT_FALSE(MatchesPattern("docs/glossary.md", "*.md"));
}

TEST(Structure, EveryFileNamedInTheArchitectureExists) {
  const SourceFile* document = FindFile("ARCHITECTURE.md");
  ASSERT_NE(document, nullptr);
  Faults faults;
  for (const std::string& name : FilesNamedIn(document->text)) {
    if (FindFile(name) == nullptr) faults.push_back("ARCHITECTURE.md names " + name + ", which is not there");
  }
  EXPECT_EQ(Join(faults), "");
}

TEST(Structure, FilesAreFoundInADocumentsText) {
  EXPECT_EQ(FilesNamedIn("see `mds/core/ops/{open,create}.cc`, common/base/task.h. Not: and/or, e.g. this.that"),
            (std::vector<std::string>{"mds/core/ops/open.cc", "mds/core/ops/create.cc", "common/base/task.h"}));
}

std::set<std::string> AllTests() {
  std::set<std::string> tests;
  for (const SourceFile& file : Tree()) {
    if (!IsBelow(file.path, "tests")) continue;
    // A folder of tests is named like a file in it.
    for (size_t slash = file.path.size(); slash != std::string::npos; slash = file.path.rfind('/', slash - 1)) {
      tests.insert(file.path.substr(0, slash));
    }
    if (IsCpp(file.path)) tests.merge(TestsOf(file));
  }
  return tests;
}

TEST(Structure, EveryPromiseCalledKeptNamesATestThatExists) {
  const SourceFile* promises = FindFile("docs/promises.md");
  ASSERT_NE(promises, nullptr);
  EXPECT_EQ(Join(CheckPromises(promises->text, AllTests())), "");
}

TEST(Structure, APromiseWithoutItsTestIsCaught) {
  const std::set<std::string> tests = {"P2.SameBytes"};
  std::string table = "| # | promise | mechanism | test |\n|---|---|---|---|\n";
  for (int i = 2; i <= 9; ++i) table += "| P" + std::to_string(i) + " | a | b | `P2.SameBytes` |\n";
  EXPECT_EQ(CheckPromises(table + "| P1 | a | b | not yet |\n| P10 | a | b | `P2.SameBytes` |\n", tests), Faults{});
  EXPECT_EQ(CheckPromises(table + "| P1 | a | b | `P1.Gone` |\n| P10 | a | b | soon |\n", tests),
            (Faults{"P1: there is no test P1.Gone", "P10: names no test, nor says not yet"}));
  EXPECT_EQ(CheckPromises(table + "| P1 | a |\n", tests).size(), 2U);
}

TEST(Structure, TestsAreFoundByTheirNames) {
  EXPECT_EQ(TestsOf({"tests/a.cc", "TEST(A, B) {}\nTEST_F(C,\n  D) {}\nTYPED_TEST(E, F) {}\n"}),
            (std::set<std::string>{"A.B", "C.D", "E.F"}));
}

struct Role {
  std::string_view toml;
  std::vector<std::string_view> sources;  // where its options are read
};

TEST(Structure, EveryOptionOfARoleStandsInItsCommentedConfiguration) {
  const Role roles[] = {{"deploy/mds.toml", {"mds/main.cc", "common/runtime/server_process.cc"}},
                        {"deploy/oss.toml", {"oss/main.cc", "common/runtime/server_process.cc"}},
                        {"deploy/client.toml", {"client/shell/client_config.cc"}}};
  for (const Role& role : roles) {
    std::set<std::string> asked;
    for (std::string_view source : role.sources) {
      ASSERT_NE(FindFile(source), nullptr) << source;
      asked.merge(OptionsAskedFor(FindFile(source)->text));
    }
    ASSERT_NE(FindFile(role.toml), nullptr) << role.toml;
    EXPECT_EQ(KeysOfToml(FindFile(role.toml)->text), asked) << role.toml;
  }
}

TEST(Structure, OptionsAndKeysAreFound) {
  EXPECT_EQ(OptionsAskedFor("config.Get(\"a_b\", &x);\nconfig.GetSize(\n  \"c\", &y);"), (std::set<std::string>{"a_b", "c"}));
  EXPECT_EQ(KeysOfToml("# What a is.\na = 1\n\n# b = \"x\"\n# this is prose = no, it is\n"), (std::set<std::string>{"a", "b"}));
}

// Promise P1: only these make a run, so nothing else can put bytes into a data request.
TEST(Structure, OnlyFourKindsOfCodeMakeACipherRun) {
  const SourceFile* header = FindFile("common/fs/cipher_run.h");
  ASSERT_NE(header, nullptr);
  EXPECT_EQ(FriendsOf(header->text), (std::set<std::string>{"PageCipher", "WireRuns", "UnencryptedRuns", "StoredRuns"}));
  EXPECT_EQ(FriendsOf("class A {\n friend class B;\n  friend struct C;\n};"), (std::set<std::string>{"B", "C"}));
}

}  // namespace
}  // namespace nacre::tidy
