#include "oss/core/chunk.h"

#include <utility>

#include "common/base/bytes.h"
#include "common/base/check.h"

namespace nacre {
namespace {

constexpr uint8_t kChunkFormat = 1;

class RowReader {
 public:
  explicit RowReader(std::string_view row) : at_(AsBytes(row).data()), left_(row.size()) {}
  bool Has(size_t bytes) const { return left_ >= bytes; }
  bool AtEnd() const { return left_ == 0; }
  uint8_t Byte() { return *Take(1); }
  uint16_t U16() { return LoadBigEndian16(Take(2)); }
  uint32_t U32() { return LoadBigEndian32(Take(4)); }
  uint64_t U64() { return LoadBigEndian64(Take(8)); }

 private:
  const uint8_t* Take(size_t bytes) {
    NACRE_CHECK(left_ >= bytes, "Has() comes first");
    left_ -= bytes;
    return std::exchange(at_, at_ + bytes);
  }
  const uint8_t* at_;
  size_t left_;
};

Status Malformed() { return Status(Code::kIntegrity, "a chunk row is malformed"); }

}  // namespace

Chunk::Replaced Chunk::Put(uint32_t index, StoredPage page) {
  if (index >= pages_.size()) pages_.resize(index + 1);
  const Replaced before{pages_[index].slot, fresh_[index]};
  pages_[index] = page;
  fresh_[index] = true;
  return before;
}

Chunk::Replaced Chunk::Clear(uint32_t index) {
  if (index >= pages_.size()) return {};
  const Replaced before{pages_[index].slot, fresh_[index]};
  pages_[index] = StoredPage{};
  fresh_[index] = false;
  while (!pages_.empty() && pages_.back().hole()) pages_.pop_back();
  return before;
}

uint32_t Chunk::stored_count() const {
  uint32_t count = 0;
  for (const StoredPage& page : pages_) count += page.hole() ? 0 : 1;
  return count;
}

std::string Chunk::Encode() const {
  std::string runs, versions, sums;
  uint16_t run_count = 0, version_count = 0;
  sums.reserve(pages_.size() * 4);
  Transno version = 0;
  uint16_t version_pages = 0;
  const auto end_version_run = [&] {
    if (version_pages == 0) return;
    AppendBigEndian16(versions, version_pages);
    AppendBigEndian64(versions, version);
    ++version_count;
  };
  for (uint32_t i = 0; i < pages_.size();) {
    if (pages_[i].hole()) {
      ++i;
      continue;
    }
    const uint32_t first = i;
    for (; i < pages_.size() && !pages_[i].hole() && pages_[i].slot == pages_[first].slot + (i - first); ++i) {
      if (version_pages == 0 || pages_[i].version != version) {
        end_version_run();
        version = pages_[i].version;
        version_pages = 0;
      }
      ++version_pages;
      AppendBigEndian32(sums, pages_[i].crc);
    }
    runs.push_back(static_cast<char>(first));
    runs.push_back(static_cast<char>(i - first - 1));
    AppendBigEndian32(runs, pages_[first].slot);
    ++run_count;
  }
  end_version_run();
  std::string row;
  row.reserve(6 + runs.size() + versions.size() + sums.size());
  row.push_back(static_cast<char>(kChunkFormat));
  row.push_back(0);  // meta length: no policy has page meta yet
  AppendBigEndian16(row, run_count);
  row += runs;
  AppendBigEndian16(row, version_count);
  row += versions;
  row += sums;
  return row;
}

Result<Chunk> Chunk::Decode(std::string_view row) {
  RowReader in(row);
  if (!in.Has(4)) return Malformed();
  if (in.Byte() != kChunkFormat || in.Byte() != 0) return Malformed();
  Chunk chunk;
  std::vector<uint32_t> stored;
  uint32_t next = 0;
  for (uint16_t runs = in.U16(); runs > 0; --runs) {
    if (!in.Has(6)) return Malformed();
    const uint32_t first = in.Byte();
    const uint32_t count = in.Byte() + 1u;
    const uint32_t slot = in.U32();
    if (first < next || first + count > kChunkPages || slot > kNoSlot - count) return Malformed();
    next = first + count;
    chunk.pages_.resize(next);
    for (uint32_t i = 0; i < count; ++i) {
      chunk.pages_[first + i].slot = slot + i;
      stored.push_back(first + i);
    }
  }
  if (!in.Has(2)) return Malformed();
  size_t versioned = 0;
  for (uint16_t runs = in.U16(); runs > 0; --runs) {
    if (!in.Has(10)) return Malformed();
    const uint16_t count = in.U16();
    const Transno version = in.U64();
    if (count > stored.size() - versioned) return Malformed();
    for (uint16_t i = 0; i < count; ++i) chunk.pages_[stored[versioned++]].version = version;
  }
  if (versioned != stored.size() || !in.Has(stored.size() * 4)) return Malformed();
  for (uint32_t index : stored) chunk.pages_[index].crc = in.U32();
  if (!in.AtEnd()) return Malformed();
  return chunk;
}

}  // namespace nacre
