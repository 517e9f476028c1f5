// The layer table (layers.txt) as a rule over #include lines. Pure: texts in, faults out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace nacre::tidy {

struct Layer {
  std::string folder;
  std::vector<std::string> may_include;  // folders, or single files, of ours
  std::vector<std::string> libraries;    // external, by the names of LibraryOf
};

std::vector<Layer> ParseLayers(std::string_view layers_txt);

// The layer that owns a file: the longest folder above it. nullptr: none does.
const Layer* OwnerOf(const std::vector<Layer>& layers, std::string_view path);

// The library an external header belongs to; "" for the standard library and the system's own headers.
std::string LibraryOf(std::string_view header);

// What the table itself must never allow: servers and client seeing each other, common seeing them, circles.
Faults CheckTable(const std::vector<Layer>& layers);

Faults CheckIncludes(const std::vector<Layer>& layers, const SourceFile& file);

}  // namespace nacre::tidy
