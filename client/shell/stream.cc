#include "client/shell/stream.h"

#include <algorithm>
#include <future>
#include <istream>
#include <memory>
#include <ostream>
#include <utility>

#include "common/base/page_buffer.h"
#include "common/base/units.h"

namespace nacre::shell {
namespace {

constexpr size_t kBlockBytes = 4 * kMiB;  // one call of File: enough for the client to overlap ciphers and sending

// Two blocks of memory that take turns.
struct Blocks {
  const std::shared_ptr<PageBufferPool> pool = PageBufferPool::Create(kBlockBytes, 2);
  std::shared_ptr<MutableBytes> here = pool->Take(), other = pool->Take();
  void Turn() { std::swap(here, other); }
};

}  // namespace

Status StreamOut(File& file, uint64_t offset, uint64_t length, std::ostream& out) {
  Blocks blocks;
  std::future<Result<size_t>> reading;  // into blocks.here; ends before the blocks go
  const auto read_on = [&] {
    const MutableBytes into = blocks.here->first(std::min<uint64_t>(kBlockBytes, length));
    reading = std::async(std::launch::async, [&file, offset, into] { return file.Read(offset, into); });
  };
  if (length > 0) read_on();
  while (length > 0) {
    const Result<size_t> got = reading.get();
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    blocks.Turn();
    offset += *got;
    length -= *got;
    if (length > 0) read_on();
    out.write(reinterpret_cast<const char*>(blocks.other->data()), static_cast<std::streamsize>(*got));
    if (!out) return Status(Code::kIo, "the output takes no more");
  }
  return Status::Ok();
}

Status StreamIn(std::istream& in, File& file, uint64_t offset) {
  Blocks blocks;
  std::future<Status> writing;  // from blocks.other; ends before the blocks go
  while (in) {
    in.read(reinterpret_cast<char*>(blocks.here->data()), static_cast<std::streamsize>(kBlockBytes));
    const size_t got = static_cast<size_t>(in.gcount());
    if (writing.valid()) NACRE_RETURN_IF_ERROR(writing.get());
    if (got == 0) break;
    blocks.Turn();
    const ByteView data = blocks.other->first(got);
    writing = std::async(std::launch::async, [&file, offset, data] { return file.Write(offset, data); });
    offset += got;
  }
  if (writing.valid()) NACRE_RETURN_IF_ERROR(writing.get());
  return in.bad() ? Status(Code::kIo, "reading the new data failed") : Status::Ok();
}

}  // namespace nacre::shell
