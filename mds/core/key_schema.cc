#include "mds/core/key_schema.h"

#include "mds/core/dirstat.h"

namespace nacre {

std::vector<KvFamilySpec> MdsFamilies() {
  std::vector<KvFamilySpec> families;
  for (const char* name : {"inode", "dirent", "xattr", "orphan", "unlinked", "session", "reply", "intent", "dom", "meta"}) {
    families.push_back({name, {}});
  }
  families.push_back({"dirstat", MergeDirstat});
  families.push_back({"link", {}});
  return families;
}

std::string FidKey(const Fid& fid) {
  std::string key;
  AppendFid(key, fid);
  return key;
}

std::string DirentKey(const Fid& directory, uint64_t cookie) {
  std::string key;
  key.reserve(kFidBytes + 8);
  AppendFid(key, directory);
  AppendBigEndian64(key, cookie);
  return key;
}

std::string XattrKey(const Fid& fid, std::string_view name) {
  std::string key = FidKey(fid);
  key += name;
  return key;
}

std::string UnlinkedKey(uint32_t ost, const ObjectId& object) {
  std::string key;
  key.reserve(4 + kObjectIdBytes);
  AppendBigEndian32(key, ost);
  AppendObjectId(key, object);
  return key;
}

std::string LinkKey(const Fid& fid, const Fid& parent, uint64_t cookie) {
  std::string key = FidKey(fid);
  AppendFid(key, parent);
  AppendBigEndian64(key, cookie);
  return key;
}

std::string TargetKey(v1::TargetKind kind, uint32_t index) {
  std::string key(kMetaTargets);
  AppendBigEndian32(key, static_cast<uint32_t>(kind));
  AppendBigEndian32(key, index);
  return key;
}

std::string NumberKey(uint64_t number) { return EncodeNumber(number); }

std::string EncodeNumber(uint64_t number) {
  std::string value;
  AppendBigEndian64(value, number);
  return value;
}

std::optional<uint64_t> DecodeNumber(std::string_view value) {
  if (value.size() != 8) return std::nullopt;
  return LoadBigEndian64(AsBytes(value).data());
}

}  // namespace nacre
