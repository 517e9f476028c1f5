// Result messages as JSON: one object on one line, "schema" first, then every field under its name in the .proto, also
// those with default values; fields marked optional only when set. Integers are numbers. Bytes that are no UTF-8 become
// \udc80..\udcff, one for each byte, as Python's surrogateescape has it: reversible, and valid in every JSON parser that
// takes lone surrogates. Pure.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

namespace nacre::shell {

constexpr int kSchema = 1;

std::string ToJson(const google::protobuf::Message& message);
std::string JsonString(std::string_view bytes);  // with its quotes

// Length of the well-formed UTF-8 sequence at the front of text, 0 if there is none (RFC 3629).
size_t Utf8Length(std::string_view text);

}  // namespace nacre::shell
