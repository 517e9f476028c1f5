// Sizes that the whole design rests on.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nacre {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;
constexpr uint64_t kGiB = 1024 * kMiB;

// The unit of encryption, of write, of digest and of checksum (DESIGN: "Page"). Independent of the machine's page.
constexpr size_t kPageBytes = 4096;

constexpr uint64_t PagesCovering(uint64_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }
constexpr uint64_t RoundUpToPage(uint64_t bytes) { return PagesCovering(bytes) * kPageBytes; }
constexpr uint64_t RoundDownToPage(uint64_t bytes) { return bytes / kPageBytes * kPageBytes; }

// The largest file: page numbers stay far from overflow, offsets stay positive in off_t.
constexpr uint64_t kFileBytesMax = uint64_t{1} << 60;

}  // namespace nacre
