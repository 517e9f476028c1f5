// BulkCodec puts page data on the wire without copying it through a protobuf string. What it makes are ordinary protobuf
// messages (WriteRequest, ReadReply of proto/oss.proto): field 1 the header message, field 2 the metas if any, field 3 the
// pages, last. Sending: one slice for all that stands before the pages, then the run's own pieces. Receiving: the pages
// stay where gRPC put them and become a CipherRun that keeps those slices alive.
//
// The reader takes hostile bytes: wrong order, repeated fields, lengths beyond the message are kInvalid. Any thread.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "common/api/oss_api.h"
#include "common/base/status.h"
#include "common/fs/cipher_run.h"
#include "oss.pb.h"

namespace nacre {

// The largest page payload of one request or reply, and what a server admits as a whole message around it.
constexpr size_t kBulkPagesBytesMax = 4 * kMiB;
constexpr size_t kBulkMessageBytesMax = kBulkPagesBytesMax + 256 * kKiB;

struct WriteCall {
  v1::WriteHeader header;
  CipherRunPtr run;  // may be null: no pages in the message
};

grpc::ByteBuffer EncodeWrite(const v1::WriteHeader& header, const CipherRunPtr& run);
Result<WriteCall> DecodeWrite(const grpc::ByteBuffer& message);

grpc::ByteBuffer EncodeReadReply(const ObjectPages& pages);
Result<ObjectPages> DecodeReadReply(const grpc::ByteBuffer& message);

}  // namespace nacre
