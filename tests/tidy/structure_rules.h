// Rules about sizes and about what documents say of the tree. Pure: texts in, faults out.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace nacre::tidy {

inline constexpr int kFileLinesMax = 600;
inline constexpr int kFunctionLinesMax = 60;       // of the product
inline constexpr int kTestFunctionLinesMax = 100;  // a table of cases may be long

Faults CheckFileLength(const SourceFile& file);

// By braces alone: good enough for code in this style, no parser.
Faults CheckFunctionLengths(const SourceFile& file);

Faults CheckHeader(const SourceFile& file);

// MAINTAINERS: "F:" lines hold shell-like patterns; one that ends in '/' stands for all below it.
std::vector<std::string> MaintainerPatterns(std::string_view maintainers);
bool MatchesPattern(std::string_view path, std::string_view pattern);

// The files a document names: words with a '/' and a known ending, {a,b} taken apart.
std::vector<std::string> FilesNamedIn(std::string_view document);

// docs/promises.md: "| P1 | promise | mechanism | test or "not yet" |". A test is `Suite.Name` or `path/of/a/test`.
Faults CheckPromises(std::string_view promises, const std::set<std::string>& tests);
std::set<std::string> TestsOf(const SourceFile& file);  // Suite.Name of each TEST, TEST_F, TEST_P, TYPED_TEST

// The options a program's source asks a Config for, and the keys a commented TOML file has, commented out or not.
std::set<std::string> OptionsAskedFor(std::string_view cpp);
std::set<std::string> KeysOfToml(std::string_view toml);

std::set<std::string> FriendsOf(std::string_view class_text);

}  // namespace nacre::tidy
