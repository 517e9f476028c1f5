#include "common/runtime/config.h"

#include <gtest/gtest.h>

#include "common/runtime/units_text.h"

namespace nacre {
namespace {

using namespace std::chrono_literals;

struct Options {
  std::string data_dir = "/var/lib/nacre";
  bool insecure = false;
  int64_t index = 0;
  uint64_t capacity = 0;
  std::chrono::nanoseconds commit_interval = 5s;
};

Status Take(Config& config, Options* options) {
  config.Get("data_dir", &options->data_dir, "where everything lies");
  config.GetBool("insecure", &options->insecure);
  config.GetInt("index", &options->index, 0, 65535);
  config.GetSize("capacity", &options->capacity);
  config.GetDuration("commit_interval", &options->commit_interval);
  return config.Finish();
}

Status TakeText(std::string_view toml, Options* options) {
  Config config;
  NACRE_RETURN_IF_ERROR(config.LoadText(toml, "x.toml"));
  return Take(config, options);
}

TEST(Config, LeavesTheDefaultsOfWhatIsNotNamed) {
  Options options;
  EXPECT_TRUE(TakeText("", &options).ok());
  EXPECT_EQ(options.data_dir, "/var/lib/nacre");
  EXPECT_EQ(options.commit_interval, 5s);
}

TEST(Config, ReadsEveryKindOfValue) {
  Options options;
  const Status status = TakeText(
      "data_dir = \"/d\"\ninsecure = true\nindex = 7\ncapacity = \"1.5G\"\ncommit_interval = \"250ms\"\n", &options);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(options.data_dir, "/d");
  EXPECT_TRUE(options.insecure);
  EXPECT_EQ(options.index, 7);
  EXPECT_EQ(options.capacity, 3u << 29);
  EXPECT_EQ(options.commit_interval, 250ms);
}

TEST(Config, NamesLineColumnAndTheNearestNameOfAnUnknownKey) {
  Options options;
  const Status status = TakeText("index = 1\n  data_dri = \"/d\"\n", &options);
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_EQ(status.message(), "x.toml:2:3: unknown key 'data_dri'; did you mean 'data_dir'?");
}

TEST(Config, ProposesNothingForAKeyLikeNoOther) {
  Options options;
  EXPECT_EQ(TakeText("zzzzzzzzz = 1", &options).message(), "x.toml:1:1: unknown key 'zzzzzzzzz'");
}

TEST(Config, RefusesValuesOfTheWrongKind) {
  for (const char* toml : {"data_dir = 3", "insecure = \"true\"", "insecure = 1", "index = \"1\"", "index = -1", "index = 65536",
                           "capacity = \"lots\"", "capacity = -1", "commit_interval = 5", "commit_interval = \"5 parsecs\"",
                           "data_dir = [\"/d\"]", "[data_dir]\nx = 1", "index = 1.5"}) {
    Options options;
    EXPECT_EQ(TakeText(toml, &options).code(), Code::kInvalid) << toml;
  }
}

TEST(Config, SaysWhereTextIsNoToml) {
  Options options;
  const Status status = TakeText("index = 1\nindex = = 2\n", &options);
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_TRUE(status.message().starts_with("x.toml:2:")) << status.message();
  EXPECT_EQ(TakeText(std::string("a\0b = 1", 7), &options).code(), Code::kInvalid);
}

TEST(Config, LetsAFlagWinOverTheFile) {
  Config config;
  ASSERT_TRUE(config.LoadText("data_dir = \"/file\"\nindex = 1\n", "x.toml").ok());
  ASSERT_TRUE(config.LoadFlags({"--data-dir", "/flag", "--insecure", "--commit-interval=1s"}).ok());
  Options options;
  ASSERT_TRUE(Take(config, &options).ok());
  EXPECT_EQ(options.data_dir, "/flag");
  EXPECT_EQ(options.index, 1);
  EXPECT_TRUE(options.insecure);
  EXPECT_EQ(options.commit_interval, 1s);
}

TEST(Config, NamesAnUnknownFlagAndTheNearest) {
  Config config;
  ASSERT_TRUE(config.LoadFlags({"--comit-interval", "1s"}).ok());
  Options options;
  EXPECT_EQ(Take(config, &options).message(), "unknown flag --comit-interval; did you mean --commit-interval?");
}

TEST(Config, RefusesWordsThatAreNoFlags) {
  Config config;
  EXPECT_EQ(config.LoadFlags({"data"}).code(), Code::kInvalid);
  EXPECT_EQ(Config().LoadFlags({"--config"}).code(), Code::kInvalid);
  EXPECT_EQ(Config().LoadFlags({"--config", "/no/such/file"}).code(), Code::kNotFound);
}

TEST(UnitsText, ReadsSizes) {
  EXPECT_EQ(ParseSize("0"), 0u);
  EXPECT_EQ(ParseSize("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(ParseSize("64K"), 65536u);
  EXPECT_EQ(ParseSize("1MiB"), 1u << 20);
  EXPECT_EQ(ParseSize("1.5 GB"), 3u << 29);
  for (const char* bad : {"", "x", "-1", "1X", "1KK", "0.3", "18446744073709551616", "99E", " 1", "1e3", "0x10", "inf"}) {
    EXPECT_EQ(ParseSize(bad), std::nullopt) << bad;
  }
}

TEST(UnitsText, ReadsDurations) {
  EXPECT_EQ(ParseDuration("0"), 0ns);
  EXPECT_EQ(ParseDuration("500ms"), 500ms);
  EXPECT_EQ(ParseDuration("1.5s"), 1500ms);
  EXPECT_EQ(ParseDuration("1d"), 24h);
  for (const char* bad : {"", "5", "-1s", "s", "1 parsec", "1000000d", "nan"}) EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
}

TEST(UnitsText, WritesForPeople) {
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(1536), "1.5 KiB");
  EXPECT_EQ(FormatSize(~uint64_t{0}), "16 EiB");
  EXPECT_EQ(FormatDuration(1500ms), "1.5 s");
  EXPECT_EQ(FormatDuration(42us), "42 us");
}

}  // namespace
}  // namespace nacre
