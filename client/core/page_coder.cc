#include "client/core/page_coder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/crypto/file_keys.h"
#include "common/base/hash.h"
#include "common/wire/wire.h"

namespace nacre {
namespace {

constexpr size_t kDigestBytes = 16;

// Copies [begin, begin + out.size()) of the run's bytes.
void CopyOut(const CipherRun& run, uint64_t begin, MutableBytes out) {
  for (ByteView piece : run.pieces()) {
    if (out.empty()) return;
    if (begin >= piece.size()) {
      begin -= piece.size();
      continue;
    }
    const size_t step = std::min<size_t>(piece.size() - begin, out.size());
    std::memcpy(out.data(), piece.data() + begin, step);
    out = out.subspan(step);
    begin = 0;
  }
}

}  // namespace

Result<std::shared_ptr<const PageCoder>> PageCoder::Open(const v1::Inode& inode, KeyCache& keys) {
  std::shared_ptr<PageCoder> coder(new PageCoder());
  if (inode.context().empty()) {
    coder->plain_.emplace(inode);
    return std::shared_ptr<const PageCoder>(coder);
  }
  const auto of = [&inode] { return ToString(FromWire(inode.fid())); };
  const Result<EncryptionContext> context = DecodeContext(AsBytes(inode.context()));
  if (!context.ok()) return Status(Code::kIntegrity, of() + ": " + context.status().message());
  const Result<std::shared_ptr<const MasterKey>> master = keys.Find(context->policy.key_identifier);
  if (!master.ok()) return master.status().With(of());
  Result<std::shared_ptr<const PageCipher>> cipher = OpenPages(**master, *context);
  if (!cipher.ok()) return cipher.status().With(of());
  coder->cipher_ = *std::move(cipher);
  return std::shared_ptr<const PageCoder>(coder);
}

CipherRunPtr PageCoder::Encode(std::span<const ByteView> parts, uint64_t page_first, PageBufferPool& pool) const {
  return encrypted() ? cipher_->EncryptRun(parts, page_first, pool) : plain_->Copy(parts, pool);
}

CipherRunPtr PageCoder::EncodeInPlace(PlainPages pages, uint64_t page_first) const {
  return encrypted() ? cipher_->EncryptInPlace(std::move(pages), page_first) : plain_->Adopt(std::move(pages));
}

Status PageCoder::Decode(const CipherRun& run, uint64_t page_first, uint64_t file_offset, MutableBytes out) const {
  if (run.encrypted() != encrypted()) {
    return Status(Code::kIntegrity, "the server says of a page that it is encrypted, the inode says otherwise, or the reverse");
  }
  if (encrypted()) return cipher_->Decrypt(run, page_first, file_offset, out);
  const uint64_t begin = file_offset - page_first * kPageBytes;
  if (file_offset < page_first * kPageBytes || begin > run.bytes() || out.size() > run.bytes() - begin) {
    return Status(Code::kInvalid, "a run does not hold the bytes asked for");
  }
  CopyOut(run, begin, out);
  return Status::Ok();
}

std::string PageDigest(ByteView page, ByteView meta) {
  return ToString(ByteView(Sha256(page, meta)).first(kDigestBytes));
}

std::array<uint8_t, 4096> GatherPage(const CipherRun& run, uint64_t index) {
  NACRE_CHECK(index < run.page_count(), "the page is one of the run's");
  std::array<uint8_t, kPageBytes> page;
  CopyOut(run, index * kPageBytes, page);
  return page;
}

}  // namespace nacre
