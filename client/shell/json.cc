#include "client/shell/json.h"

#include <google/protobuf/descriptor.h>

#include <cstdio>
#include <map>

namespace nacre::shell {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

size_t Utf8Length(std::string_view text) {
  auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (text.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && at(1) < 0xa0, surrogate = first == 0xed && at(1) >= 0xa0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && at(1) < 0x90, beyond = first == 0xf4 && at(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

std::string JsonString(std::string_view bytes) {
  std::string out = "\"";
  char escaped[8];
  while (!bytes.empty()) {
    const unsigned char c = static_cast<unsigned char>(bytes[0]);
    const size_t length = Utf8Length(bytes);
    if (length == 0) {
      std::snprintf(escaped, sizeof escaped, "\\udc%02x", c);
      out += escaped;
    } else if (c == '"' || c == '\\') {
      out += {'\\', static_cast<char>(c)};
    } else if (c < 0x20 || c == 0x7f) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      out += escaped;
    } else {
      out.append(bytes.substr(0, length));
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out + "\"";
}

namespace {

std::string Object(const Message& message, bool top);

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

// index < 0: the field is singular.
std::string Scalar(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& get = *message.GetReflection();
  const bool many = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(many ? get.GetRepeatedInt32(message, &field, index) : get.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(many ? get.GetRepeatedInt64(message, &field, index) : get.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(many ? get.GetRepeatedUInt32(message, &field, index) : get.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(many ? get.GetRepeatedUInt64(message, &field, index) : get.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(many ? get.GetRepeatedDouble(message, &field, index) : get.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Number(many ? get.GetRepeatedFloat(message, &field, index) : get.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (many ? get.GetRepeatedBool(message, &field, index) : get.GetBool(message, &field)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_STRING:
      return JsonString(many ? get.GetRepeatedString(message, &field, index) : get.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Object(many ? get.GetRepeatedMessage(message, &field, index) : get.GetMessage(message, &field), false);
    case FieldDescriptor::CPPTYPE_ENUM:
      return JsonString(many ? get.GetRepeatedEnum(message, &field, index)->name() : get.GetEnum(message, &field)->name());
  }
  return "null";
}

std::string Map(const Message& message, const FieldDescriptor& field) {
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  const Reflection& get = *message.GetReflection();
  std::map<std::string, std::string> sorted;  // a protobuf map has no order of its own
  for (int i = 0; i < get.FieldSize(message, &field); ++i) {
    const Message& entry = get.GetRepeatedMessage(message, &field, i);
    const std::string name = Scalar(entry, key, -1);
    sorted[name.starts_with('"') ? name : "\"" + name + "\""] = Scalar(entry, value, -1);
  }
  std::string out = "{";
  for (const auto& [name, text] : sorted) {
    if (out.size() > 1) out += ',';
    out.append(name).append(":").append(text);
  }
  return out + "}";
}

std::string Field(const Message& message, const FieldDescriptor& field) {
  if (field.is_map()) return Map(message, field);
  if (!field.is_repeated()) return Scalar(message, field, -1);
  std::string out = "[";
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    if (i > 0) out += ",";
    out += Scalar(message, field, i);
  }
  return out + "]";
}

std::string Object(const Message& message, bool top) {
  std::string out = top ? "{\"schema\":" + std::to_string(kSchema) : "{";
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.has_presence() && !message.GetReflection()->HasField(message, &field)) continue;
    if (out.size() > 1) out += ",";
    out += "\"" + std::string(field.name()) + "\":" + Field(message, field);
  }
  return out + "}";
}

}  // namespace

std::string ToJson(const Message& message) { return Object(message, true); }

}  // namespace nacre::shell
