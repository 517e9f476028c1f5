// Result messages as tables for people, by libsmartcols: one row per element of a repeated field, columns named after its
// fields, values shown in their unit (see proto/results.proto). Off a terminal the same columns, never cut.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

namespace nacre::shell {

// The rows of the repeated message field called rows; columns: the fields to show, in that order.
std::string ToTable(const google::protobuf::Message& message, std::string_view rows, const std::vector<std::string>& columns);

// One value as people read it.
std::string CellText(const google::protobuf::Message& message, const std::string& field_name);

// For a terminal: control characters and bytes that are no UTF-8 as \xNN, so that a name cannot steer the terminal.
std::string Printable(std::string_view bytes);

}  // namespace nacre::shell
