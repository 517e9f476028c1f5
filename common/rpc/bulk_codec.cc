#include "common/rpc/bulk_codec.h"

#include <grpcpp/support/slice.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre {
namespace {

// Protobuf's length-delimited tags of fields 1, 2 and 3.
constexpr uint8_t kHeaderTag = 1 << 3 | 2, kMetasTag = 2 << 3 | 2, kPagesTag = 3 << 3 | 2;
constexpr size_t kHeaderBytesMax = 64 * kKiB;
constexpr size_t kMetasBytesMax = 64 * kKiB;

void AppendVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

grpc::ByteBuffer Encode(const std::string& header, const CipherRunPtr& run) {
  std::string head;
  head.reserve(header.size() + 32);
  head.push_back(static_cast<char>(kHeaderTag));
  AppendVarint(head, header.size());
  head += header;
  std::vector<grpc::Slice> slices;
  if (run != nullptr) {
    if (!run->metas().empty()) {
      head.push_back(static_cast<char>(kMetasTag));
      AppendVarint(head, run->metas().size());
      head += run->metas();
    }
    head.push_back(static_cast<char>(kPagesTag));
    AppendVarint(head, run->bytes());
    slices.reserve(run->pieces().size() + 1);
  }
  slices.emplace_back(head);
  if (run != nullptr) {
    for (ByteView piece : run->pieces()) {
      // Each slice keeps the run alive until gRPC has sent it.
      slices.emplace_back(
          const_cast<uint8_t*>(piece.data()), piece.size(),
          [](void* keep) { delete static_cast<CipherRunPtr*>(keep); }, new CipherRunPtr(run));
    }
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

// Reads forward over a message that lies in pieces.
class PieceReader {
 public:
  explicit PieceReader(const std::vector<grpc::Slice>& slices) : slices_(slices) {
    for (const grpc::Slice& slice : slices) left_ += slice.size();
  }
  uint64_t left() const { return left_; }

  std::optional<uint8_t> Byte() {
    const ByteView at = Here();
    if (at.empty()) return std::nullopt;
    const uint8_t value = at.front();
    Advance(1);
    return value;
  }
  std::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = Byte();
      if (!byte) return std::nullopt;
      value |= uint64_t{*byte & 0x7fu} << shift;
      if ((*byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }
  std::string Copy(uint64_t count) {
    std::string out;
    out.reserve(count);
    for (ByteView piece : Take(count)) out.append(AsText(piece));
    return out;
  }
  std::vector<ByteView> Take(uint64_t count) {
    std::vector<ByteView> pieces;
    while (count > 0) {
      const ByteView at = Here();
      const ByteView piece = at.first(std::min<uint64_t>(count, at.size()));
      pieces.push_back(piece);
      Advance(piece.size());
      count -= piece.size();
    }
    return pieces;
  }

 private:
  ByteView Here() {
    while (index_ < slices_.size() && offset_ == slices_[index_].size()) {
      ++index_;
      offset_ = 0;
    }
    if (index_ == slices_.size()) return {};
    return ByteView(slices_[index_].begin(), slices_[index_].size()).subspan(offset_);
  }
  void Advance(size_t count) {
    offset_ += count;
    left_ -= count;
  }

  const std::vector<grpc::Slice>& slices_;
  size_t index_ = 0, offset_ = 0;
  uint64_t left_ = 0;
};

struct Parts {
  std::string header;
  std::string metas;
  std::vector<ByteView> pages;
  std::shared_ptr<std::vector<grpc::Slice>> owner;
};

Result<Parts> Split(const grpc::ByteBuffer& message) {
  auto slices = std::make_shared<std::vector<grpc::Slice>>();
  if (!message.Dump(slices.get()).ok()) return Status(Code::kInvalid, "bulk message cannot be read");
  Parts parts;
  parts.owner = slices;
  PieceReader reader(*slices);
  uint8_t last_tag = 0;
  while (reader.left() > 0) {
    const auto tag = reader.Byte();
    const auto length = reader.Varint();
    if (!tag || !length || *length > reader.left()) return Status(Code::kInvalid, "bulk message is cut short");
    if (*tag <= last_tag) return Status(Code::kInvalid, "fields of a bulk message are repeated or out of order");
    last_tag = *tag;
    if (*tag == kHeaderTag && *length <= kHeaderBytesMax) {
      parts.header = reader.Copy(*length);
    } else if (*tag == kMetasTag && *length <= kMetasBytesMax) {
      parts.metas = reader.Copy(*length);
    } else if (*tag == kPagesTag && *length <= kBulkPagesBytesMax) {
      if (*length % kPageBytes != 0) return Status(Code::kInvalid, "payload is not whole pages");
      parts.pages = reader.Take(*length);
    } else {
      return Status(Code::kInvalid, "field of a bulk message is not known or too large");
    }
  }
  return parts;
}

}  // namespace

// The one maker of runs out of bytes from the wire (see cipher_run.h).
class WireRuns {
 public:
  static CipherRunPtr Make(Parts& parts, bool encrypted) {
    if (parts.pages.empty()) return nullptr;
    return CipherRun::Make(std::move(parts.pages), std::move(parts.owner), encrypted);
  }
};

grpc::ByteBuffer EncodeWrite(const v1::WriteHeader& header, const CipherRunPtr& run) {
  return Encode(header.SerializeAsString(), run);
}

Result<WriteCall> DecodeWrite(const grpc::ByteBuffer& message) {
  Result<Parts> parts = Split(message);
  if (!parts.ok()) return parts.status();
  WriteCall call;
  if (!call.header.ParseFromString(parts->header)) return Status(Code::kInvalid, "write header cannot be parsed");
  if (!parts->metas.empty()) return Status(Code::kUnsupported, "page metas are not spoken yet");
  call.run = WireRuns::Make(*parts, call.header.encrypted());
  return call;
}

grpc::ByteBuffer EncodeReadReply(const ObjectPages& pages) {
  return Encode(pages.header.SerializeAsString(), pages.run);
}

Result<ObjectPages> DecodeReadReply(const grpc::ByteBuffer& message) {
  Result<Parts> parts = Split(message);
  if (!parts.ok()) return parts.status();
  ObjectPages pages;
  if (!pages.header.ParseFromString(parts->header)) return Status(Code::kInvalid, "read header cannot be parsed");
  if (!parts->metas.empty()) return Status(Code::kUnsupported, "page metas are not spoken yet");
  pages.run = WireRuns::Make(*parts, pages.header.encrypted());
  return pages;
}

}  // namespace nacre
