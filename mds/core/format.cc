#include "mds/core/format.h"

#include <algorithm>

#include "common/wire/wire.h"
#include "mds/core/change.h"
#include "mds/core/recovery.h"

namespace nacre {
namespace {

constexpr uint32_t kSipHash = 1;

Result<uint64_t> ReadNumber(KvStore& kv, std::string_view key) {
  auto value = kv.Get(kMetaFamily, key);
  if (!value.ok()) return value.status();
  const auto number = value->has_value() ? DecodeNumber(**value) : std::nullopt;
  if (!number) return Status(Code::kIo, "meta row '" + std::string(key) + "' is missing or malformed");
  return *number;
}

Status CheckFormat(KvStore& kv) {
  auto format = ReadNumber(kv, kMetaFormat);
  if (!format.ok()) return format.status();
  if (*format == kMdsFormatVersion) return Status::Ok();
  return Status(Code::kUnsupported, "the metadata store has format " + std::to_string(*format) +
                                        ", this program knows " + std::to_string(kMdsFormatVersion));
}

Status LoadTargets(Core& core) {
  auto version = ReadNumber(core.kv, kMetaMapVersion);
  if (!version.ok()) return version.status();
  auto cursor = core.kv.Seek(kMetaFamily, kMetaTargets);
  for (; cursor->Valid() && cursor->key().starts_with(kMetaTargets); cursor->Next()) {
    rows::TargetRow row;
    if (!row.ParseFromArray(cursor->value().data(), static_cast<int>(cursor->value().size()))) {
      return Status(Code::kIo, "a target's row cannot be read");
    }
    if (row.target().kind() == v1::TARGET_OST) core.osts.AddressIs(row.target().index(), row.target().address());
    core.map.Load(std::move(row), *version);
  }
  return cursor->status();
}

// Drawn once; a store of a version that had none gets it now.
Status LoadSaltSecret(Core& core) {
  auto secret = core.kv.Get(kMetaFamily, kMetaSaltSecret);
  if (!secret.ok()) return secret.status();
  if (secret->has_value()) {
    core.salt_secret = std::move(**secret);
    return Status::Ok();
  }
  core.salt_secret.resize(16);
  core.random.Fill({reinterpret_cast<uint8_t*>(core.salt_secret.data()), core.salt_secret.size()});
  KvBatch batch;
  batch.Put(kMetaFamily, std::string(kMetaSaltSecret), core.salt_secret);
  return core.kv.Apply(batch, KvStore::Durability::kSynced);
}

}  // namespace

Result<bool> IsFormatted(KvStore& kv) {
  auto format = kv.Get(kMetaFamily, kMetaFormat);
  if (!format.ok()) return format.status();
  return format->has_value();
}

Result<std::string> FormatMds(KvStore& kv, std::string fsid, Random& random, Clock& clock) {
  auto formatted = IsFormatted(kv);
  if (!formatted.ok()) return formatted.status();
  if (*formatted) return Status(Code::kExists, "the store holds a filesystem already");
  if (fsid.empty()) {
    fsid.resize(kFsidBytes);
    random.Fill({reinterpret_cast<uint8_t*>(fsid.data()), fsid.size()});
  }
  if (fsid.size() != kFsidBytes) return Status(Code::kInvalid, "an fsid has 16 bytes");

  const int64_t now_ns = clock.WallNs();
  rows::InodeRow root;
  root.mutable_attr()->set_type(v1::FILE_TYPE_DIRECTORY);
  root.mutable_attr()->set_mode(0755);
  root.mutable_attr()->set_atime_ns(now_ns);
  root.set_hash_type(kSipHash);
  root.mutable_salt()->resize(16);
  random.Fill({reinterpret_cast<uint8_t*>(root.mutable_salt()->data()), 16});

  KvBatch batch;
  InodeTable(kv).Put(batch, kRootFid, std::move(root));
  batch.Put(kDirstatFamily, FidKey(kRootFid), EncodeDirstat({.mtime_ns = now_ns, .ctime_ns = now_ns}));
  batch.Put(kMetaFamily, std::string(kMetaFormat), EncodeNumber(kMdsFormatVersion));
  batch.Put(kMetaFamily, std::string(kMetaFsid), fsid);
  batch.Put(kMetaFamily, std::string(kMetaNextRange), EncodeNumber(kFirstGrantedRange));
  batch.Put(kMetaFamily, std::string(kMetaNextSession), EncodeNumber(1));
  batch.Put(kMetaFamily, std::string(kMetaMapVersion), EncodeNumber(1));
  batch.Put(kMetaFamily, std::string(kMetaInodes), EncodeNumber(1));
  NACRE_RETURN_IF_ERROR(kv.Apply(batch, KvStore::Durability::kSynced).With("formatting the metadata store"));
  return fsid;
}

Status LoadMds(Core& core) {
  NACRE_RETURN_IF_ERROR(CheckFormat(core.kv));
  auto fsid = core.kv.Get(kMetaFamily, kMetaFsid);
  if (!fsid.ok()) return fsid.status();
  if (!fsid->has_value() || (*fsid)->size() != kFsidBytes) return Status(Code::kIo, "the store's fsid is malformed");
  core.fsid = **fsid;
  auto range = ReadNumber(core.kv, kMetaNextRange);
  auto session = ReadNumber(core.kv, kMetaNextSession);
  auto inodes = ReadNumber(core.kv, kMetaInodes);
  if (!range.ok()) return range.status();
  if (!session.ok()) return session.status();
  if (!inodes.ok()) return inodes.status();
  core.next_range = *range;
  // A store that was put back from a copy does not give numbers again that OSTs have heard are over.
  core.next_session = std::max(*session, core.options.boot_count << kSessionsOfALifeBits);
  core.inode_count = *inodes;
  NACRE_RETURN_IF_ERROR(LoadSaltSecret(core));
  NACRE_RETURN_IF_ERROR(LoadTargets(core));
  NACRE_RETURN_IF_ERROR(core.destroyer.Load());
  return LoadSessions(core);
}

}  // namespace nacre
