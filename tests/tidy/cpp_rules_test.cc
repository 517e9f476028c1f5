// What g++ 12 and the linker let pass and must not stand in the tree. Each rule is first shown to catch a planted fault.
#include <gtest/gtest.h>

#include "tests/tidy/cpp_rules.h"

namespace nacre::tidy {
namespace {

size_t AwaitFaults(const std::string& body) {
  return CheckAwaitedTemporaries({"mds/core/a.cc", "Task<int> F(int a) {\n" + body + "\n}\n"}).size();
}

TEST(CppRules, NoCoAwaitMakesATemporaryThatDiesTwice) {
  Faults faults;
  for (const SourceFile& file : Tree()) {
    for (const std::string& fault : CheckAwaitedTemporaries(file)) faults.push_back(fault);
  }
  EXPECT_EQ(Join(faults), "");
}

TEST(CppRules, AClosureWithCapturesInACoAwaitIsCaught) {
  EXPECT_EQ(AwaitFaults("co_await Run([this] { b(); });"), 1U);
  EXPECT_EQ(AwaitFaults("const int a = co_await Run(x, [&y](int z) -> int { return y + z; });"), 1U);
  EXPECT_EQ(AwaitFaults("if ((co_await Run([=] { b(); })).ok()) c();"), 1U);
  EXPECT_EQ(AwaitFaults("co_return co_await [x]() -> Task<int> { co_return x; }();"), 1U);
  EXPECT_EQ(AwaitFaults("Run([this] { b(); }, co_await c());"), 1U);
}

TEST(CppRules, ABracedTemporaryInACoAwaitIsCaught) {
  EXPECT_EQ(AwaitFaults("co_await Run(Fid{1, 2});"), 1U);
  EXPECT_EQ(AwaitFaults("co_await Run({1, 2});"), 1U);
  EXPECT_EQ(AwaitFaults("co_await Run(a, {});"), 1U);
  EXPECT_EQ(AwaitFaults("Pair p = {co_await Run(), 2};"), 1U);
  EXPECT_EQ(AwaitFaults("a(Result<int>{1}, co_await Run());"), 1U);
  EXPECT_EQ(AwaitFaults("while (co_await Run(Fid{})) {\n b();\n}"), 1U);
  EXPECT_EQ(CheckAwaitedTemporaries({"a.cc", "void F() {\n  b();\n  co_await Run(\n      Fid{});\n}\n"}),
            (Faults{"a.cc:4: a braced temporary in a co_await's expression: name it before"}));
}

TEST(CppRules, WhatHasANameOrNoStateMayBeAwaited) {
  EXPECT_EQ(AwaitFaults("const Fid fid{1, 2}; const auto f = [this] { b(); }; co_await Run(fid, f);"), 0U);
  EXPECT_EQ(AwaitFaults("if (!(co_await Run()).ok()) { Fid fid{1}; } else { b({}); }"), 0U);
  EXPECT_EQ(AwaitFaults("if (!(co_await Run()).ok()) co_return Fid{1};"), 0U);
  EXPECT_EQ(AwaitFaults("co_await Run([](int a) { return Fid{a}; }, a[1], b(c)[2]);"), 0U);
  EXPECT_EQ(AwaitFaults("for (const auto& x : {1, 2}) {\n co_await Run(x);\n}"), 0U);
  EXPECT_EQ(AwaitFaults("auto [a, b] = co_await Run(); auto& [c, d] = co_await Run();"), 0U);
  EXPECT_EQ(AwaitFaults("switch (a) { case 1: { co_await Run(); } default: b({}); }"), 0U);
  EXPECT_EQ(AwaitFaults("auto f = [](F g) -> Task<decltype(g())> { co_await Run(a); };"), 0U);
  EXPECT_EQ(AwaitFaults("const auto f = [](int a) -> Task<int> { co_return co_await Run(a); }; g(Fid{});"), 0U);
}

TEST(CppRules, NoTwoTypesOfTheProductHaveOneName) { EXPECT_EQ(Join(CheckOneDefinition(Tree())), ""); }

TEST(CppRules, TwoTypesOfOneNameAreCaught) {
  const SourceFile one = {"mds/core/a.h", "namespace nacre {\nstruct Part {\n  int a;\n};\n}\n"};
  EXPECT_EQ(CheckOneDefinition({one, {"oss/core/b.h", "namespace nacre {\n\nclass Part final : public C {};\n}\n"}}),
            (Faults{"oss/core/b.h:3: nacre::Part is also a type of mds/core/a.h"}));
  EXPECT_EQ(CheckOneDefinition({one, {"oss/core/b.cc", "namespace nacre {\nenum class Part : int { kA };\n}\n"}}).size(), 1U);
  EXPECT_EQ(CheckOneDefinition({one, {"oss/core/b.h", "namespace nacre {\ntemplate <typename T>\nstruct Part {};\n}\n"}}).size(), 1U);
}

TEST(CppRules, TypesThatDoNotMeetAreNotCaught) {
  const SourceFile one = {"mds/core/a.h", "namespace nacre {\nstruct Part {};\n}\n"};
  for (const char* other : {"namespace nacre {\nnamespace {\nstruct Part {};\n}\n}\n", "namespace nacre::agent {\nstruct Part {};\n}\n",
                            "namespace nacre {\nclass A {\n  struct Part {};\n};\n}\n", "namespace nacre {\nstruct Part;\n}\n",
                            "namespace nacre {\nvoid F() {\n  struct Part {};\n}\n}\n"}) {
    EXPECT_EQ(Join(CheckOneDefinition({one, {"oss/core/b.cc", other}})), "");
  }
}

TEST(CppRules, TypesAreFoundWithTheirFullNames) {
  std::vector<std::string> names;
  for (const TypeDefinition& type : TypesOf({"a.h", "namespace nacre::x {\nclass [[nodiscard]] A : public B<C> {\n public:\n"
                                                    "  void F() const { if (a) {} }\n  struct D { int e = 1; };\n};\n}\n"})) {
    names.push_back(type.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"nacre::x::A", "nacre::x::A::D"}));
}

}  // namespace
}  // namespace nacre::tidy
