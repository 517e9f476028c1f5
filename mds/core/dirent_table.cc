#include "mds/core/dirent_table.h"

#include <bitset>

#include "common/base/hash.h"
#include "common/fs/nokey_name.h"
#include "mds/core/key_schema.h"

namespace nacre {
namespace {

constexpr uint64_t kPlaces = uint64_t{1} << kCookiePlaceBits;

// The first of the cookies an entry of this name may have.
uint64_t CookieBase(std::string_view salt, std::string_view name) {
  const auto key = AsBytes(salt).first<16>();
  return (SipHash24(key, AsBytes(name)) >> 9) << kCookiePlaceBits;
}

Result<Dirent> Decode(const Fid& directory, uint64_t cookie, std::string_view value) {
  rows::DirentRow row;
  if (!row.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return Status(Code::kIo, "an entry row of directory " + ToString(directory) + " cannot be read");
  }
  const Fid fid{.seq = row.fid().seq(), .oid = row.fid().oid(), .ver = row.fid().ver()};
  return Dirent{.cookie = cookie, .name = std::move(*row.mutable_name()), .fid = fid, .type = row.type()};
}

}  // namespace

DirentTable::Walk::Walk(KvStore& kv, const Fid& directory, uint64_t after)
    : directory_(directory), prefix_(FidKey(directory)), cursor_(kv.Seek(kDirentFamily, DirentKey(directory, after + 1))) {}

Result<std::optional<Dirent>> DirentTable::Walk::Next() {
  if (!cursor_->Valid()) {
    NACRE_RETURN_IF_ERROR(cursor_->status().With("directory " + ToString(directory_)));
    return std::optional<Dirent>();
  }
  const std::string_view key = cursor_->key();
  if (key.size() != kFidBytes + 8 || !key.starts_with(prefix_)) return std::optional<Dirent>();
  auto entry = Decode(directory_, LoadBigEndian64(AsBytes(key).data() + kFidBytes), cursor_->value());
  if (!entry.ok()) return entry.status();
  cursor_->Next();
  return std::optional<Dirent>(*std::move(entry));
}

uint64_t DirentTable::HashOf(std::string_view salt, std::string_view name) {
  return NameHashOf(CookieBase(salt, name));
}

Result<DirentPlace> DirentTable::Find(const Fid& directory, std::string_view salt, std::string_view name) {
  if (salt.size() != 16) return Status(Code::kIo, "directory " + ToString(directory) + " has no salt");
  const uint64_t base = CookieBase(salt, name);
  const uint64_t first = base == 0 ? kFirstCookie : base;
  std::bitset<kPlaces> taken;
  DirentPlace place;
  place.hash = NameHashOf(base);
  Walk walk(kv_, directory, first - 1);
  while (true) {
    auto entry = walk.Next();
    if (!entry.ok()) return entry.status();
    if (!entry->has_value() || (*entry)->cookie >= base + kPlaces) break;
    taken.set((*entry)->cookie - base);
    if ((*entry)->name == name) {
      place.entry = std::move(**entry);
      return place;
    }
  }
  for (uint64_t cookie = first; cookie < base + kPlaces && place.free_cookie == 0; ++cookie) {
    if (!taken.test(cookie - base)) place.free_cookie = cookie;
  }
  return place;
}

Result<std::optional<Dirent>> DirentTable::FindNoKey(const Fid& directory, const v1::NoKeyName& name) {
  NokeyName wanted{.cookie = name.cookie(), .ciphertext = name.prefix(), .tail_sha256 = std::nullopt};
  if (!name.rest_sha256().empty()) {
    if (name.rest_sha256().size() != 32) return Status(Code::kInvalid, "a no-key name's hash has 32 bytes");
    const ByteView hash = AsBytes(name.rest_sha256());
    std::copy(hash.begin(), hash.end(), wanted.tail_sha256.emplace().begin());
  }
  auto entry = FindCookie(directory, name.cookie());
  if (!entry.ok()) return entry;
  if (entry->has_value() && !wanted.Matches(AsBytes((*entry)->name))) return std::optional<Dirent>();
  return entry;
}

Result<std::optional<Dirent>> DirentTable::FindCookie(const Fid& directory, uint64_t cookie) {
  auto value = kv_.Get(kDirentFamily, DirentKey(directory, cookie));
  if (!value.ok()) return value.status().With("directory " + ToString(directory));
  if (!value->has_value()) return std::optional<Dirent>();
  auto entry = Decode(directory, cookie, **value);
  if (!entry.ok()) return entry.status();
  return std::optional<Dirent>(*std::move(entry));
}

Result<bool> DirentTable::IsEmpty(const Fid& directory) {
  auto first = Entries(directory, 0).Next();
  if (!first.ok()) return first.status();
  return !first->has_value();
}

void DirentTable::Put(KvBatch& batch, const Fid& directory, const Dirent& entry) {
  rows::DirentRow row;
  row.set_name(entry.name);
  row.mutable_fid()->set_seq(entry.fid.seq);
  row.mutable_fid()->set_oid(entry.fid.oid);
  row.mutable_fid()->set_ver(entry.fid.ver);
  row.set_type(entry.type);
  batch.Put(kDirentFamily, DirentKey(directory, entry.cookie), row.SerializeAsString());
}

void DirentTable::Remove(KvBatch& batch, const Fid& directory, uint64_t cookie) {
  batch.Delete(kDirentFamily, DirentKey(directory, cookie));
}

}  // namespace nacre
