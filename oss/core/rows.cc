#include "oss/core/rows.h"

#include "common/base/bytes.h"

namespace nacre {
namespace {

constexpr char kRowFormat = 1;
constexpr size_t kObjectRowBytes = 2 + 6 * 8;
constexpr size_t kFsidSize = 16;
constexpr size_t kClientIdSize = 16;

Status Malformed(const char* what) { return Status(Code::kIntegrity, std::string(what) + " row is malformed"); }
bool HasShape(std::string_view row, size_t bytes) { return row.size() == bytes && row[0] == kRowFormat; }

}  // namespace

std::vector<KvFamilySpec> ObjectStoreFamilies() {
  return {{"object", nullptr}, {"chunk", nullptr}, {"tombstone", nullptr},
          {"fenced", nullptr}, {"reply", nullptr}, {"meta", nullptr}};
}

std::string ObjectKey(const ObjectId& id) {
  std::string key;
  key.reserve(kObjectIdBytes);
  AppendObjectId(key, id);
  return key;
}

std::string EncodeObjectRow(const ObjectRow& row) {
  std::string out;
  out.reserve(kObjectRowBytes);
  out.push_back(kRowFormat);
  out.push_back(static_cast<char>(row.encryption));
  AppendBigEndian64(out, row.size);
  AppendBigEndian64(out, static_cast<uint64_t>(row.mtime_ns));
  AppendBigEndian64(out, row.file_epoch);
  AppendBigEndian64(out, row.change_epoch);
  AppendBigEndian64(out, row.resync_transno);
  AppendBigEndian64(out, row.pages);
  return out;
}

Result<ObjectRow> DecodeObjectRow(std::string_view row) {
  if (!HasShape(row, kObjectRowBytes)) return Malformed("an object");
  const uint8_t* at = AsBytes(row).data();
  if (at[1] > static_cast<uint8_t>(ObjectEncryption::kEncrypted)) return Malformed("an object");
  return ObjectRow{.encryption = static_cast<ObjectEncryption>(at[1]),
                   .size = LoadBigEndian64(at + 2),
                   .mtime_ns = static_cast<int64_t>(LoadBigEndian64(at + 10)),
                   .file_epoch = LoadBigEndian64(at + 18),
                   .change_epoch = LoadBigEndian64(at + 26),
                   .resync_transno = LoadBigEndian64(at + 34),
                   .pages = LoadBigEndian64(at + 42)};
}

std::string ChunkKey(const ObjectId& id, uint64_t chunk) {
  std::string key = ObjectKey(id);
  AppendBigEndian64(key, chunk);
  return key;
}

bool ParseChunkKey(std::string_view key, std::string_view object_key, uint64_t& chunk) {
  if (key.size() != object_key.size() + 8 || !key.starts_with(object_key)) return false;
  chunk = LoadBigEndian64(AsBytes(key).data() + object_key.size());
  return true;
}

std::string EncodeTombstone(uint64_t wall_seconds) {
  std::string out(1, kRowFormat);
  AppendBigEndian64(out, wall_seconds);
  return out;
}

Result<uint64_t> DecodeTombstone(std::string_view row) {
  if (!HasShape(row, 9)) return Malformed("a tombstone");
  return LoadBigEndian64(AsBytes(row).data() + 1);
}

std::string FencedKey(uint64_t session) {
  std::string key;
  AppendBigEndian64(key, session);
  return key;
}

Result<uint64_t> DecodeFenced(std::string_view key, std::string_view row) {
  if (key.size() != 8 || !HasShape(row, 1)) return Malformed("a fenced session's");
  return LoadBigEndian64(AsBytes(key).data());
}

std::string WriterKey(uint64_t session) {
  std::string key(kWriterKeyPrefix);
  AppendBigEndian64(key, session);
  return key;
}

std::string EncodeWriter(const std::string& client_id) { return kRowFormat + client_id; }

Result<Writer> DecodeWriter(std::string_view key, std::string_view row) {
  if (key.size() != kWriterKeyPrefix.size() + 8 || !HasShape(row, 1 + kClientIdSize)) return Malformed("a writer's");
  return Writer{.session = LoadBigEndian64(AsBytes(key).data() + kWriterKeyPrefix.size()),
                .client_id = std::string(row.substr(1))};
}

std::string EncodeStoreIdentity(const StoreIdentity& identity) {
  std::string out(1, kRowFormat);
  out += identity.fsid;
  AppendBigEndian32(out, identity.ost_index);
  AppendBigEndian64(out, identity.boot_count);
  return out;
}

Result<StoreIdentity> DecodeStoreIdentity(std::string_view row) {
  if (!HasShape(row, 1 + kFsidSize + 4 + 8)) return Malformed("the store's identity");
  const uint8_t* at = AsBytes(row).data() + 1;
  return StoreIdentity{.fsid = std::string(row.substr(1, kFsidSize)),
                       .ost_index = LoadBigEndian32(at + kFsidSize),
                       .boot_count = LoadBigEndian64(at + kFsidSize + 4)};
}

}  // namespace nacre
