// Config: the options of one process, from one flat TOML file and from flags, strictly. What nobody asked for is an error
// that says where it stands and what was probably meant; so is a value of the wrong kind.
//
//   Config config;
//   if (Status s = config.LoadFlags({argv + 1, argv + argc}); !s.ok()) ...     // --config FILE, --data-dir D, --insecure
//   config.Get("data_dir", &options.data_dir, "where the target keeps everything");
//   config.GetDuration("commit_interval", &options.commit_interval, "...");
//   if (Status s = config.Finish(); !s.ok()) ...                              // the first thing that was wrong
//
// Every key is also a flag ('_' becomes '-'); a flag wins over the file. `out` keeps its value when neither names the key:
// that is the default. One thread; used at start only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace nacre {

class Config {
 public:
  // kNotFound: no such file. kInvalid: not TOML ("FILE:3:7: …").
  Status LoadFile(const std::string& path);
  Status LoadText(std::string_view toml, std::string_view source_name);
  // "--config FILE" loads that file; "--help" and "--version" only set a mark; words that are no flag are kInvalid.
  Status LoadFlags(const std::vector<std::string>& arguments);

  void Get(std::string_view key, std::string* out, std::string_view help = {});
  void GetBool(std::string_view key, bool* out, std::string_view help = {});
  void GetInt(std::string_view key, int64_t* out, int64_t min, int64_t max, std::string_view help = {});
  void GetSize(std::string_view key, uint64_t* out, std::string_view help = {});  // 4096 or "64M"
  void GetDuration(std::string_view key, std::chrono::nanoseconds* out, std::string_view help = {});  // "5s"

  // kInvalid with the first value of the wrong kind, else with the first key that no Get asked for.
  Status Finish() const;

  bool help_wanted() const { return help_wanted_; }
  bool version_wanted() const { return version_wanted_; }
  std::string Help() const;  // one line for each Get so far, with the value it left as default

 private:
  enum class Kind { kText, kNumber, kBool, kOther };
  struct Value {
    Kind kind;
    std::string text;
    std::string where;  // "FILE:3:7" or "--data-dir"
    size_t order;
    bool asked = false;
  };
  struct Known {
    std::string key, help, default_text;
  };

  Value* Find(std::string_view key, std::string_view help, std::string default_text);
  void Refuse(std::string_view key, const Value& value, std::string_view wanted);

  std::map<std::string, Value, std::less<>> file_, flags_;
  std::vector<Known> known_;
  Status first_error_;
  bool help_wanted_ = false, version_wanted_ = false;
};

}  // namespace nacre
