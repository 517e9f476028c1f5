// Nouns <-> protobuf. Whatever Validate() of a noun rejects is rejected here, so nothing malformed gets past the wire.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/fs/fid.h"
#include "common/layout/layout.h"
#include "header.pb.h"
#include "types.pb.h"

namespace nacre {

constexpr uint32_t kProtocolVersion = 1;
constexpr size_t kFsidBytes = 16;
constexpr size_t kClientIdBytes = 16;

v1::Fid ToWire(const Fid& fid);
Fid FromWire(const v1::Fid& fid);

v1::Layout ToWire(const Layout& layout);
Result<Layout> FromWire(const v1::Layout& layout);

v1::ObjectId ToWire(const ObjectId& id);
Result<ObjectId> FromWire(const v1::ObjectId& id);

// What every request must satisfy before it is looked at: protocol version, no unknown feature bits, this filesystem's
// fsid, sane sizes, and empty fields for what does not exist yet (versions). fsid empty: not checked (first Connect of a
// client, first announcement of a target). Replays only where the request is of a kind that is replayed.
enum class FsidRule { kMustMatch, kMayBeEmpty };
enum class ReplayRule { kRefused, kTaken };
Status CheckRequestHeader(const v1::RequestHeader& header, std::string_view fsid, FsidRule rule,
                          ReplayRule replay = ReplayRule::kRefused);

// The reply header of a failed call, and back.
void SetStatus(v1::ReplyHeader& header, const Status& status);
Status StatusOf(const v1::ReplyHeader& header);

}  // namespace nacre
