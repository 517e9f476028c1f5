// The rows of an object store: families, keys, values. docs/formats.md has the same grammar. Pure.
//
//   object key   := object id (26 bytes)                    object row  := see ObjectRow, 50 bytes
//   chunk key    := object id, chunk number u64             chunk row   := chunk.h
//   tombstone    := object id -> format u8, wall seconds u64
//   fenced       := session u64 -> format u8: evicted, takes part no more (fenced_sessions.h)
//   reply        := common/recovery/reply_record.h
//   meta "store" := format u8, fsid 16 bytes, OST index u32, boot count u64 of the newest life
//   meta "writer/", session u64 := format u8, client id 16 bytes: it may have writes that are not stable (writer_rows.h)
// All numbers big-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/kv/kv_store.h"
#include "common/layout/layout.h"
#include "common/recovery/transno.h"

namespace nacre {

constexpr KvFamily kObjectFamily{0};
constexpr KvFamily kChunkFamily{1};
constexpr KvFamily kTombstoneFamily{2};
constexpr KvFamily kFencedFamily{3};
constexpr KvFamily kReplyFamily{4};
constexpr KvFamily kMetaFamily{5};
std::vector<KvFamilySpec> ObjectStoreFamilies();  // what to open the KvStore of an ObjectServer with

enum class ObjectEncryption : uint8_t { kUnknown = 0, kPlain = 1, kEncrypted = 2 };

// object row := format u8 (1), encryption u8, size u64, mtime u64, file epoch u64, change epoch u64, R u64 (0), pages u64
struct ObjectRow {
  ObjectEncryption encryption = ObjectEncryption::kUnknown;  // unknown until something is stored
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  uint64_t file_epoch = 0;
  uint64_t change_epoch = 0;  // of the newest set-size or punch, whose repeat changes nothing
  Transno resync_transno = 0;
  uint64_t pages = 0;  // stored ones
  friend bool operator==(const ObjectRow&, const ObjectRow&) = default;
};
std::string ObjectKey(const ObjectId& id);
std::string EncodeObjectRow(const ObjectRow& row);
Result<ObjectRow> DecodeObjectRow(std::string_view row);

std::string ChunkKey(const ObjectId& id, uint64_t chunk);
// The chunk number of a key of this object; false: another object's.
bool ParseChunkKey(std::string_view key, std::string_view object_key, uint64_t& chunk);

std::string EncodeTombstone(uint64_t wall_seconds);
Result<uint64_t> DecodeTombstone(std::string_view row);

constexpr std::string_view kFencedRow{"\x01", 1};
std::string FencedKey(uint64_t session);
Result<uint64_t> DecodeFenced(std::string_view key, std::string_view row);

struct StoreIdentity {
  std::string fsid;  // 16 bytes
  uint32_t ost_index = 0;
  uint64_t boot_count = 0;
};
constexpr std::string_view kStoreKey = "store";
constexpr std::string_view kWriterKeyPrefix = "writer/";
struct Writer {
  uint64_t session = 0;
  std::string client_id;  // 16 bytes
};
std::string WriterKey(uint64_t session);
std::string EncodeWriter(const std::string& client_id);
Result<Writer> DecodeWriter(std::string_view key, std::string_view row);

std::string EncodeStoreIdentity(const StoreIdentity& identity);
Result<StoreIdentity> DecodeStoreIdentity(std::string_view row);

}  // namespace nacre
