// The pure parts of the shell: quoting, modes, JSON, tables, exit codes, paths.
#include <gtest/gtest.h>

#include "client/shell/command_context.h"
#include "client/shell/exit_code.h"
#include "client/shell/format.h"
#include "client/shell/json.h"
#include "client/shell/symbolic_mode.h"
#include "client/shell/table.h"
#include "client/shell/words.h"

namespace nacre::shell {
namespace {

TEST(ExitCode, FollowsTheContractForEveryCode) {
  EXPECT_EQ(ExitCodeOf(Code::kOk), 0);
  EXPECT_EQ(ExitCodeOf(Code::kIo), 1);
  EXPECT_EQ(ExitCodeOf(Code::kInvalid), 1);
  EXPECT_EQ(ExitCodeOf(Code::kNameTooLong), 1);
  EXPECT_EQ(ExitCodeOf(Code::kNotFound), 4);
  EXPECT_EQ(ExitCodeOf(Code::kExists), 5);
  EXPECT_EQ(ExitCodeOf(Code::kNotEmpty), 5);
  EXPECT_EQ(ExitCodeOf(Code::kAccessDenied), 6);
  EXPECT_EQ(ExitCodeOf(Code::kNotPermitted), 6);
  EXPECT_EQ(ExitCodeOf(Code::kUnavailable), 7);
  EXPECT_EQ(ExitCodeOf(Code::kTimedOut), 8);
  EXPECT_EQ(ExitCodeOf(Code::kNoSpace), 9);
  EXPECT_EQ(ExitCodeOf(Code::kWrongKey), 12);
  EXPECT_EQ(ExitCodeOf(Code::kNoKey), 13);
  EXPECT_EQ(ExitCodeOf(Code::kIntegrity), 14);
  EXPECT_EQ(ExitCodeOf(Code::kStale), 15);
  for (int number = 1; IsKnownCode(number); ++number) EXPECT_NE(ExitCodeOf(static_cast<Code>(number)), 0) << number;
}

TEST(Words, KnowQuotesBackslashesCommandsAndComments) {
  const auto commands = SplitCommands("put 'a b' \"c \\\"d\\\"\"\\ e; ls # all\n\n;cat '' x#y");
  ASSERT_TRUE(commands.ok());
  EXPECT_EQ(*commands, (std::vector<Words>{{"put", "a b", "c \"d\" e"}, {"ls"}, {"cat", "", "x#y"}}));
}

TEST(Words, RefuseQuotesThatDoNotEnd) {
  for (const char* text : {"ls 'x", "ls \"x", "ls \\"}) EXPECT_EQ(SplitCommands(text).code(), Code::kInvalid) << text;
}

TEST(Words, ComeBackFromTheirQuotedForm) {
  for (const std::string word : {"", "a", "a b", "it's", "a\\b", "#x", "a;b", "\xff\xfe", "new\nline", "\"q\""}) {
    const auto commands = SplitCommands("x " + Quoted(word));
    ASSERT_TRUE(commands.ok()) << word;
    EXPECT_EQ(*commands, (std::vector<Words>{{"x", word}}));
  }
}

TEST(Words, CompletionContinuesAWordInTheWayItWasBegun) {
  const TypedLine blank = ReadTyped("ls -l 'a b' ");
  EXPECT_EQ(blank.before, (Words{"ls", "-l", "a b"}));
  EXPECT_EQ(blank.word, "");
  EXPECT_EQ(blank.word_begin, 12U);
  const TypedLine escaped = ReadTyped("mkdir x; ls a\\ b");
  EXPECT_EQ(escaped.before, Words{"ls"});
  EXPECT_EQ(escaped.word, "a b");
  EXPECT_EQ(escaped.word_begin, 12U);
  const TypedLine quoted = ReadTyped("ls \"a b");
  EXPECT_EQ(quoted.word, "a b");
  EXPECT_EQ(quoted.word_begin, 3U);
  EXPECT_EQ(quoted.quote, '"');
  EXPECT_EQ(ReadTyped("ls a\\").word, "a");

  EXPECT_EQ(TypedForm("a b's", 0), "a\\ b\\'s");
  EXPECT_EQ(TypedForm("a \"b", '"'), "\"a \\\"b");
  EXPECT_EQ(TypedForm("a b", '\''), "'a b");
  EXPECT_EQ(TypedForm("a'b", '\''), "");
  EXPECT_EQ(TypedForm("a\nb", 0), "");
  for (const char quote : {'\0', '"', '\''}) {
    const std::string word = "odd # name; $x\\y";
    const std::string closed = TypedForm(word, quote) + std::string(quote == 0 ? 0 : 1, quote);
    EXPECT_EQ(SplitCommands(closed)->front(), Words{word}) << closed;
  }
}

TEST(Words, LinesWithKeysStayOutOfTheHistory) {
  EXPECT_TRUE(BearsSecret("unlock /v --key-file /root/k"));
  EXPECT_TRUE(BearsSecret("encrypt /v --passphrase-fd 3"));
  EXPECT_FALSE(BearsSecret("ls /v"));
}

TEST(SymbolicMode, DoesWhatChmodDoes) {
  EXPECT_EQ(ApplyMode("755", 0, false, 022), 0755u);
  EXPECT_EQ(ApplyMode("u+x", 0644, false, 022), 0744u);
  EXPECT_EQ(ApplyMode("go-r", 0644, false, 022), 0600u);
  EXPECT_EQ(ApplyMode("a=r", 0777, false, 022), 0444u);
  EXPECT_EQ(ApplyMode("+w", 0444, false, 022), 0644u) << "where no one is named the umask holds";
  EXPECT_EQ(ApplyMode("u=rwx,go=", 0644, false, 022), 0700u);
  EXPECT_EQ(ApplyMode("g=u", 0640, false, 022), 0660u);
  EXPECT_EQ(ApplyMode("a+X", 0644, false, 022), 0644u);
  EXPECT_EQ(ApplyMode("a+X", 0644, true, 022), 0755u);
  EXPECT_EQ(ApplyMode("u+s,+t", 0755, false, 022), 05755u);
  EXPECT_EQ(ApplyMode("u-x+w", 0500, false, 022), 0600u);
}

TEST(SymbolicMode, RefusesWhatIsNoMode) {
  for (const char* bad : {"", "8", "77777", "u", "x", "u+q", "u+r,", ",u+r", "zzz", "u~r"}) {
    EXPECT_EQ(ApplyMode(bad, 0644, false, 022), std::nullopt) << bad;
  }
}

TEST(Json, ShowsEveryFieldUnderItsNameWithIntegersAsNumbers) {
  results::Usages message;
  message.add_usages()->set_used_bytes(uint64_t{1} << 60);
  EXPECT_EQ(ToJson(message), "{\"schema\":1,\"usages\":[{\"path\":\"\",\"used_bytes\":1152921504606846976,\"files\":0}]}");
}

TEST(Json, LeavesOutWhatIsOptionalAndNotSet) {
  results::DevStatus message;
  results::DevTarget* target = message.add_targets();
  target->set_name("mdt0");
  target->set_pid(1);
  target->set_address("127.0.0.1:1");
  target->set_state("up");
  EXPECT_EQ(ToJson(message), "{\"schema\":1,\"targets\":[{\"name\":\"mdt0\",\"pid\":1,\"address\":\"127.0.0.1:1\",\"state\":\"up\"}]}");
}

TEST(Json, SortsMaps) {
  results::RpcCounts counts;
  (*counts.mutable_rpcs())["oss.Write"] = 2;
  (*counts.mutable_rpcs())["mds.Open"] = 1;
  EXPECT_EQ(ToJson(counts), "{\"schema\":1,\"rpcs\":{\"mds.Open\":1,\"oss.Write\":2}}");
}

TEST(Json, EscapesBytesThatAreNoUtf8Reversibly) {
  EXPECT_EQ(JsonString("a\"\\\n\x01"), "\"a\\\"\\\\\\u000a\\u0001\"");
  EXPECT_EQ(JsonString("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\"");
  EXPECT_EQ(JsonString("\xff\xc3"), "\"\\udcff\\udcc3\"");
  EXPECT_EQ(JsonString("\xc0\xaf\xed\xa0\x80"), "\"\\udcc0\\udcaf\\udced\\udca0\\udc80\"") << "overlong forms and surrogates";
}

TEST(Table, KeepsTerminalControlOutOfNames) {
  EXPECT_EQ(Printable("a\033[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\xc2\\x9b") << "the 8-bit control sequence introducer";
}

TEST(Table, ShowsUnitsForPeople) {
  results::Space space;
  results::Target* target = space.add_targets();
  target->set_target("OST0000");
  target->set_free_bytes(3 << 20);
  EXPECT_EQ(CellText(*target, "free_bytes"), "3.0 MiB");
  const std::string table = ToTable(space, "targets", {"target", "free_bytes"});
  EXPECT_NE(table.find("TARGET"), std::string::npos);
  EXPECT_NE(table.find("3.0 MiB"), std::string::npos);
}

TEST(Format, WritesModesAndTimes) {
  EXPECT_EQ(ModeString({.kind = FileKind::kDirectory, .mode = 01777}), "drwxrwxrwt");
  EXPECT_EQ(ModeString({.kind = FileKind::kRegular, .mode = 06644}), "-rwSr-Sr--");
  EXPECT_EQ(Rfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(Rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(InColumns({"a", "b", "ccc", "d"}, 8), "a    ccc\nb    d\n");
}

TEST(Paths, AreCleanedLexically) {
  EXPECT_EQ(CleanPath("/", "/a//b/./c/"), "/a/b/c");
  EXPECT_EQ(CleanPath("/x", "y/../z"), "/x/z");
  EXPECT_EQ(CleanPath("/x", "../../.."), "/");
  EXPECT_EQ(ParentOf("/a"), "/");
  EXPECT_EQ(ParentOf("/a/b"), "/a");
  EXPECT_EQ(BaseName("/a/b"), "b");
}

}  // namespace
}  // namespace nacre::shell
