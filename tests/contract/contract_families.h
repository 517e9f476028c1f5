// The families on which stores are tried: one of rows, one that folds operands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/kv/kv_store.h"

namespace nacre {

inline constexpr KvFamily kPlain{0};
inline constexpr KvFamily kJournal{1};

// Deliberately not associative over operands: "a" then "b" gives "(a)b…", so folding operands first would show.
inline std::string JoinOperand(std::optional<std::string_view> value, std::string_view operand) {
  return "(" + std::string(value.value_or("none")) + ")" + std::string(operand);
}

inline std::vector<KvFamilySpec> ContractFamilies() { return {{"plain", nullptr}, {"journal", JoinOperand}}; }

}  // namespace nacre
