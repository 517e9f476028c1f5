// The metadata server's column families and keys (docs/formats.md, "MDS rows"). Numbers in keys are big-endian, so rows
// sort as the numbers do. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/fs/fid.h"
#include "common/kv/kv_store.h"
#include "common/layout/layout.h"
#include "types.pb.h"

namespace nacre {

// In the order of MdsFamilies(); names and order are frozen.
constexpr KvFamily kInodeFamily{0};      // FID -> InodeRow
constexpr KvFamily kDirentFamily{1};     // directory FID, cookie -> DirentRow
constexpr KvFamily kXattrFamily{2};      // FID, name -> value
constexpr KvFamily kOrphanFamily{3};     // FID -> empty: no name left, somebody has it open
constexpr KvFamily kUnlinkedFamily{4};   // OST, object id -> empty: still to be destroyed there
constexpr KvFamily kSessionFamily{5};    // session -> SessionRow
constexpr KvFamily kReplyFamily{6};      // session, slot -> common/recovery/reply_record.h
constexpr KvFamily kIntentFamily{7};     // FID -> IntentRow
constexpr KvFamily kDomFamily{8};        // reserved: data of files on the MDT
constexpr KvFamily kMetaFamily{9};       // text keys, below
constexpr KvFamily kDirstatFamily{10};   // directory FID -> dirstat.h, by merge
constexpr KvFamily kLinkFamily{11};      // FID, parent FID, cookie -> empty: names beyond the one in the inode row
std::vector<KvFamilySpec> MdsFamilies();

constexpr std::string_view kMetaFormat = "format";              // u64: 1
constexpr std::string_view kMetaFsid = "fsid";                  // 16 bytes
constexpr std::string_view kMetaNextRange = "next_range";       // u64: FID ranges below are given away
constexpr std::string_view kMetaNextSession = "next_session";   // u64
constexpr std::string_view kMetaMapVersion = "map_version";     // u64
constexpr std::string_view kMetaInodes = "inodes";              // u64: how many there are
constexpr std::string_view kMetaSaltSecret = "salt_secret";    // 16 bytes: salts of directories come from it and their FID
constexpr std::string_view kMetaTargets = "target/";            // + kind u32, index u32 -> TargetRow
constexpr uint64_t kMdsFormatVersion = 1;

// Cookies of directory entries: 55 bits of hash, 8 bits of place among equal hashes; bit 63 stays 0 (seekdir).
constexpr uint64_t kFirstCookie = 3;  // 0: the beginning; 1 and 2: "." and ".."
constexpr int kCookiePlaceBits = 8;
constexpr uint64_t kCookieMax = (uint64_t{1} << 63) - 1;
constexpr uint64_t NameHashOf(uint64_t cookie) { return cookie >> kCookiePlaceBits; }

std::string FidKey(const Fid& fid);
std::string DirentKey(const Fid& directory, uint64_t cookie);
std::string XattrKey(const Fid& fid, std::string_view name);
std::string UnlinkedKey(uint32_t ost, const ObjectId& object);
std::string LinkKey(const Fid& fid, const Fid& parent, uint64_t cookie);
std::string TargetKey(v1::TargetKind kind, uint32_t index);
std::string NumberKey(uint64_t number);

std::string EncodeNumber(uint64_t number);                  // a u64 value of family meta
std::optional<uint64_t> DecodeNumber(std::string_view value);

}  // namespace nacre
