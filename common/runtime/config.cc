#include "common/runtime/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>

#include "common/runtime/units_text.h"

namespace nacre {
namespace {

std::string FlagOf(std::string_view key) {
  std::string flag = "--" + std::string(key);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string At(std::string_view source, const toml::source_region& region) {
  std::ostringstream out;
  out << source << ":" << region.begin.line << ":" << region.begin.column;
  return out.str();
}

}  // namespace

Status Config::LoadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return ErrnoStatus(errno, "reading the configuration '" + path + "'");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad() || text.fail()) return Status(Code::kIo, "reading the configuration '" + path + "' failed");
  return LoadText(text.str(), path);
}

Status Config::LoadText(std::string_view toml_text, std::string_view source_name) {
  toml::table table;
  try {
    table = toml::parse(toml_text);
  } catch (const toml::parse_error& error) {
    return Status(Code::kInvalid, At(source_name, error.source()) + ": " + std::string(error.description()));
  }
  size_t order = 0;
  for (const auto& [key, node] : table) {
    Value value{.kind = Kind::kOther, .text = {}, .where = At(source_name, key.source()), .order = order++};
    if (const auto* text = node.as_string()) {
      value.kind = Kind::kText;
      value.text = text->get();
    } else if (const auto* number = node.as_integer()) {
      value.kind = Kind::kNumber;
      value.text = std::to_string(number->get());
    } else if (const auto* flag = node.as_boolean()) {
      value.kind = Kind::kBool;
      value.text = flag->get() ? "true" : "false";
    }
    file_.insert_or_assign(std::string(key.str()), std::move(value));
  }
  return Status::Ok();
}

Status Config::LoadFlags(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help" || word == "-h") {
      help_wanted_ = true;
      continue;
    }
    if (word == "--version") {
      version_wanted_ = true;
      continue;
    }
    if (!word.starts_with("--") || word.size() < 3) {
      return Status(Code::kInvalid, "'" + word + "' is not a flag: flags look like --data-dir DIR");
    }
    const size_t equals = word.find('=');
    const std::string flag = word.substr(0, equals);
    std::string text = "true";  // a flag alone switches something on
    Kind kind = Kind::kBool;
    if (equals != std::string::npos) {
      text = word.substr(equals + 1);
      kind = Kind::kText;
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      text = arguments[++i];
      kind = Kind::kText;
    }
    if (flag == "--config") {
      if (kind != Kind::kText) return Status(Code::kInvalid, "--config needs a file name");
      NACRE_RETURN_IF_ERROR(LoadFile(text));
      continue;
    }
    std::string key = flag.substr(2);
    std::replace(key.begin(), key.end(), '-', '_');
    flags_.insert_or_assign(key, Value{.kind = kind, .text = text, .where = flag, .order = i});
  }
  return Status::Ok();
}

Config::Value* Config::Find(std::string_view key, std::string_view help, std::string default_text) {
  known_.push_back({std::string(key), std::string(help), std::move(default_text)});
  auto in_file = file_.find(key);
  if (in_file != file_.end()) in_file->second.asked = true;
  auto flag = flags_.find(key);
  if (flag != flags_.end()) {
    flag->second.asked = true;
    return &flag->second;
  }
  return in_file != file_.end() ? &in_file->second : nullptr;
}

void Config::Refuse(std::string_view key, const Value& value, std::string_view wanted) {
  if (!first_error_.ok()) return;
  first_error_ = Status(Code::kInvalid, value.where + ": " + std::string(key) + " must be " + std::string(wanted));
}

void Config::Get(std::string_view key, std::string* out, std::string_view help) {
  const Value* value = Find(key, help, *out);
  if (value == nullptr) return;
  if (value->kind != Kind::kText) return Refuse(key, *value, "a text in quotes");
  *out = value->text;
}

void Config::GetBool(std::string_view key, bool* out, std::string_view help) {
  const Value* value = Find(key, help, *out ? "true" : "false");
  if (value == nullptr) return;
  const bool is_flag_text = value->kind == Kind::kText && value->where.starts_with("--");
  if ((value->kind != Kind::kBool && !is_flag_text) || (value->text != "true" && value->text != "false")) {
    return Refuse(key, *value, "true or false");
  }
  *out = value->text == "true";
}

void Config::GetInt(std::string_view key, int64_t* out, int64_t min, int64_t max, std::string_view help) {
  const Value* value = Find(key, help, std::to_string(*out));
  if (value == nullptr) return;
  int64_t number = 0;
  const char* end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, number);
  const bool is_flag_text = value->kind == Kind::kText && value->where.starts_with("--");
  if ((value->kind != Kind::kNumber && !is_flag_text) || error != std::errc() || stop != end || number < min ||
      number > max) {
    return Refuse(key, *value, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  *out = number;
}

void Config::GetSize(std::string_view key, uint64_t* out, std::string_view help) {
  const Value* value = Find(key, help, std::to_string(*out));
  if (value == nullptr) return;
  const std::optional<uint64_t> size = ParseSize(value->text);
  if (!size.has_value()) return Refuse(key, *value, "a size such as 4096, \"64M\" or \"1.5GiB\"");
  *out = *size;
}

void Config::GetDuration(std::string_view key, std::chrono::nanoseconds* out, std::string_view help) {
  const Value* value = Find(key, help, FormatDuration(*out));
  if (value == nullptr) return;
  const std::optional<std::chrono::nanoseconds> duration = ParseDuration(value->text);
  if (!duration.has_value()) return Refuse(key, *value, "a duration such as \"500ms\", \"30s\" or \"1h\"");
  *out = *duration;
}

Status Config::Finish() const {
  NACRE_RETURN_IF_ERROR(first_error_);
  std::vector<std::string> names;
  for (const Known& known : known_) names.push_back(known.key);
  for (const auto* values : {&flags_, &file_}) {
    const Value* first = nullptr;
    std::string first_key;
    for (const auto& [key, value] : *values) {
      if (value.asked || (first != nullptr && first->order < value.order)) continue;
      first = &value;
      first_key = key;
    }
    if (first == nullptr) continue;
    const bool flag = values == &flags_;
    const std::string_view nearest = NearestName(first_key, names);
    std::string message = flag ? "unknown flag " + first->where : first->where + ": unknown key '" + first_key + "'";
    if (!nearest.empty()) message += "; did you mean " + (flag ? FlagOf(nearest) : "'" + std::string(nearest) + "'") + "?";
    return Status(Code::kInvalid, message);
  }
  return Status::Ok();
}

std::string Config::Help() const {
  std::string text = "  --config FILE\n      a TOML file with these options; flags win over it\n";
  for (const Known& known : known_) {
    text += "  " + FlagOf(known.key) + "    (in the file: " + known.key;
    if (!known.default_text.empty()) text += ", default " + known.default_text;
    text += ")\n";
    if (!known.help.empty()) text += "      " + known.help + "\n";
  }
  return text;
}

}  // namespace nacre
