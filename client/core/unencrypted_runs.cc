#include "client/core/unencrypted_runs.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/check.h"

namespace nacre {

UnencryptedRuns::UnencryptedRuns(const v1::Inode& inode) {
  NACRE_CHECK(inode.context().empty(), "an encrypted inode's pages go through its cipher only");
}

CipherRunPtr UnencryptedRuns::Copy(std::span<const ByteView> parts, PageBufferPool& pool) const {
  uint64_t bytes = 0;
  for (ByteView part : parts) {
    NACRE_CHECK(bytes % kPageBytes == 0, "every part but the last is whole pages");
    bytes += part.size();
  }
  NACRE_CHECK(bytes > 0, "a run is not empty");
  uint64_t left = RoundUpToPage(bytes);
  auto buffers = std::make_shared<std::vector<std::shared_ptr<MutableBytes>>>();
  std::vector<ByteView> pieces;
  MutableBytes room;
  const auto next_room = [&] {
    buffers->push_back(pool.Take());
    room = buffers->back()->first(std::min<uint64_t>(left, pool.buffer_bytes()));
    left -= room.size();
    pieces.push_back(room);
  };
  for (ByteView part : parts) {
    while (!part.empty()) {
      if (room.empty()) next_room();
      const size_t step = std::min(part.size(), room.size());
      std::memcpy(room.data(), part.data(), step);
      part = part.subspan(step);
      room = room.subspan(step);
    }
  }
  std::memset(room.data(), 0, room.size());
  return CipherRun::Make(std::move(pieces), std::move(buffers), /*encrypted=*/false);
}

CipherRunPtr UnencryptedRuns::Adopt(PlainPages pages) const {
  const size_t valid_bytes = pages.valid_bytes();
  std::shared_ptr<MutableBytes> buffer = std::move(pages.buffer_);
  const MutableBytes whole = buffer->first(RoundUpToPage(valid_bytes));
  std::memset(whole.data() + valid_bytes, 0, whole.size() - valid_bytes);
  return CipherRun::Make({ByteView(whole)}, std::move(buffer), /*encrypted=*/false);
}

}  // namespace nacre
