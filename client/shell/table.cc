#include "client/shell/table.h"

#include <google/protobuf/descriptor.h>
#include <libsmartcols/libsmartcols.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "client/shell/json.h"
#include "common/base/check.h"
#include "common/runtime/units_text.h"

namespace nacre::shell {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Printable(std::string_view bytes) {
  std::string out;
  char escaped[8];
  while (!bytes.empty()) {
    const unsigned char c = static_cast<unsigned char>(bytes[0]);
    const size_t length = Utf8Length(bytes);
    // U+0080..U+009f are control characters as well.
    const bool control = c < 0x20 || c == 0x7f || (length == 2 && c == 0xc2 && static_cast<unsigned char>(bytes[1]) < 0xa0);
    if (length == 0 || control) {
      for (size_t i = 0; i < std::max<size_t>(length, 1); ++i) {
        std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(bytes[i]));
        out += escaped;
      }
    } else {
      out.append(bytes.substr(0, length));
    }
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

namespace {

std::string NumberText(const FieldDescriptor& field, uint64_t value) {
  const std::string_view name = field.name();
  if (name.ends_with("_bytes") || name == "bytes") return FormatSize(value);
  if (name.ends_with("_us")) return FormatDuration(std::chrono::microseconds(value));
  if (name.ends_with("_ms")) return FormatDuration(std::chrono::milliseconds(value));
  return std::to_string(value);
}

std::string ListText(const Message& message, const FieldDescriptor& field) {
  std::string out;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    if (i > 0) out += ",";
    out += std::to_string(message.GetReflection()->GetRepeatedUInt32(message, &field, i));
  }
  return out;
}

std::string Heading(std::string_view column) {
  for (std::string_view suffix : {"_bytes", "_us", "_ms"}) {
    if (column.ends_with(suffix)) column.remove_suffix(suffix.size());
  }
  std::string out(column);
  for (char& c : out) c = c == '_' ? ' ' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

bool IsNumber(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_STRING && field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL;
}

}  // namespace

std::string CellText(const Message& message, const std::string& field_name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(field_name);
  NACRE_CHECK(field != nullptr, "a table of a field that is not there: " + field_name);
  const auto& get = *message.GetReflection();
  if (field->is_repeated()) return ListText(message, *field);
  if (field->has_presence() && !get.HasField(message, field)) return "-";
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT64: return NumberText(*field, get.GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT32: return NumberText(*field, get.GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64: return std::to_string(get.GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_BOOL: return get.GetBool(message, field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_STRING: return Printable(get.GetString(message, field));
    default: return {};
  }
}

std::string ToTable(const Message& message, std::string_view rows, const std::vector<std::string>& columns) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(rows));
  NACRE_CHECK(field != nullptr && field->is_repeated(), "a table of rows that are not there");
  libscols_table* table = scols_new_table();
  scols_table_enable_nowrap(table, 1);
  scols_table_enable_noencoding(table, 1);  // cells are printable, and a backslash in them is not to be escaped again
  for (const std::string& column : columns) {
    const FieldDescriptor* of_row = field->message_type()->FindFieldByName(column);
    const bool right = of_row != nullptr && IsNumber(*of_row) && !of_row->is_repeated();
    scols_table_new_column(table, Heading(column).c_str(), 0, right ? SCOLS_FL_RIGHT : 0);
  }
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const Message& row = message.GetReflection()->GetRepeatedMessage(message, field, i);
    libscols_line* line = scols_table_new_line(table, nullptr);
    for (size_t c = 0; c < columns.size(); ++c) scols_line_set_data(line, c, CellText(row, columns[c]).c_str());
  }
  char* text = nullptr;
  std::string out;
  if (scols_print_table_to_string(table, &text) == 0 && text != nullptr) out = text;
  std::free(text);
  scols_unref_table(table);
  return out.empty() || out.ends_with('\n') ? out : out + "\n";
}

}  // namespace nacre::shell
