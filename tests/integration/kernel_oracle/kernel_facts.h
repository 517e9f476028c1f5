// KernelFacts: what Linux fscrypt made of known clear text, and the comparison of our ciphers with it. The kernel
// oracle test gathers the facts from a running kernel; frozen ones (tests/vectors/fscrypt/kernel.txt) serve machines
// that cannot mount. Clear text is a pattern of its length, so that facts stay short.
//
//   one fact a line:  master HEX | directory CONTEXT | name CLEAR_BYTES STORED NOKEY_TEXT
//                     file CONTEXT CLEAR_BYTES STORED | symlink CONTEXT CLEAR_BYTES STORED NOKEY_TEXT
//   names, files and symlinks lie in the last directory named, directories are under the last master named.
//   CONTEXT: 40 bytes in hex. STORED: hex, or '#' and the SHA-256 of what is longer than 64 bytes, or '-' for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace nacre {

struct KernelName {
  size_t clear_bytes = 0;
  std::string stored;      // recorded form, see Recorded()
  std::string nokey_text;  // what readdir gives without the key
};

struct KernelInode {  // a regular file or a symlink
  std::string context;
  size_t clear_bytes = 0;
  std::string stored;      // recorded form
  std::string nokey_text;  // of a symlink: what readlink gives without the key
};

struct KernelDirectory {
  std::string master;
  std::string context;
  std::vector<KernelName> names;
  std::vector<KernelInode> files, symlinks;
};

std::string PatternName(size_t bytes);      // no '/', no NUL, not "." or ".."
std::string PatternContents(size_t bytes);  // different in every page
std::string Recorded(std::string_view stored);

void WriteFacts(const std::vector<KernelDirectory>& directories, std::ostream& out);
// Empty if the text is not of the form above.
std::vector<KernelDirectory> ReadFacts(std::istream& in);

// Every way in which our ciphers differ from the facts, one line each; at most the first twenty.
std::vector<std::string> Differences(const KernelDirectory& directory);

}  // namespace nacre
