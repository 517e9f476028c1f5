// Check: some rows of the store, each judged at one moment. Entries, names and rows without an inode are judged a page
// at a time without a pause; counters and sizes one by one.
#include "mds/core/fsck/counters.h"
#include "mds/core/fsck/file_sizes.h"
#include "mds/core/fsck/gather.h"
#include "mds/core/fsck/judge.h"
#include "mds/core/fsck/may_fsck.h"
#include "mds/core/fsck/objects.h"
#include "mds/core/ops/operations.h"

namespace nacre {
namespace {

constexpr uint32_t kRowsMax = 1000;
constexpr size_t kFromBytesMax = 64 << 10;

void Add(Findings findings, v1::CheckReply& reply) {
  for (v1::Finding& finding : findings) *reply.add_findings() = std::move(finding);
}

Status CheckEntries(Core& core, const std::string& from, uint32_t rows_max, v1::CheckReply& reply) {
  Gatherer gatherer(core);
  auto cursor = core.kv.Seek(FamilyOf(v1::CHECK_ENTRIES), from);
  for (; cursor->Valid(); cursor->Next()) {
    if (reply.rows() == rows_max) {
      reply.set_next(std::string(cursor->key()));
      return Status::Ok();
    }
    auto facts = gatherer.Entry(cursor->key(), cursor->value());
    if (!facts.ok()) return facts.status();
    Add(JudgeEntry(*facts), reply);
    reply.set_rows(reply.rows() + 1);
  }
  return cursor->status();
}

// directories, files: of which more is to be looked at than the rows.
Status CheckInodes(Core& core, const std::string& from, uint32_t rows_max, v1::CheckReply& reply,
                   std::vector<Fid>& directories, std::vector<Fid>& files) {
  Gatherer gatherer(core);
  auto cursor = core.kv.Seek(FamilyOf(v1::CHECK_INODES), from);
  for (; cursor->Valid(); cursor->Next()) {
    if (reply.rows() == rows_max) {
      reply.set_next(std::string(cursor->key()));
      return Status::Ok();
    }
    auto facts = gatherer.Inode(cursor->key(), cursor->value());
    if (!facts.ok()) return facts.status();
    Add(JudgeInode(*facts), reply);
    reply.set_rows(reply.rows() + 1);
    if (!facts->row_reads) continue;
    if (facts->type == v1::FILE_TYPE_DIRECTORY) directories.push_back(facts->fid);
    if (facts->type == v1::FILE_TYPE_REGULAR) files.push_back(facts->fid);
  }
  return cursor->status();
}

Task<Status> CheckCountersAndSizes(Core& core, std::vector<Fid> directories, std::vector<Fid> files,
                                   v1::CheckReply& reply) {
  for (const Fid& directory : directories) {
    auto facts = co_await CountEntries(core, directory);
    if (!facts.ok()) co_return facts.status();
    if (facts->has_value()) Add(JudgeCounters(**facts), reply);
  }
  auto sizes = co_await CompareSizes(core, std::move(files));
  if (!sizes.ok()) co_return sizes.status();
  Add(*std::move(sizes), reply);
  co_return Status();
}

// The key behind all that begin with this FID; empty: there is none.
std::string Behind(std::string_view key) {
  std::string fid(key.substr(0, kFidBytes));
  while (!fid.empty() && static_cast<uint8_t>(fid.back()) == 0xff) fid.pop_back();
  if (!fid.empty()) fid.back() = static_cast<char>(static_cast<uint8_t>(fid.back()) + 1);
  return fid;
}

// One row stands for all of its FID. A malformed key stands for itself.
Status CheckLeftRows(Core& core, v1::CheckArea area, const std::string& from, uint32_t rows_max,
                     v1::CheckReply& reply) {
  Gatherer gatherer(core);
  auto cursor = core.kv.Seek(FamilyOf(area), from);
  while (cursor->Valid()) {
    const std::string key(cursor->key());
    if (reply.rows() == rows_max) {
      reply.set_next(key);
      return Status::Ok();
    }
    auto facts = gatherer.LeftRows(area, key);
    if (!facts.ok()) return facts.status();
    Add(JudgeLeftRows(*facts), reply);
    reply.set_rows(reply.rows() + 1);
    const bool many_of_a_fid = area == v1::CHECK_LINKS || area == v1::CHECK_XATTRS;
    const std::string behind = many_of_a_fid && facts->key_fits ? Behind(key) : std::string();
    if (behind.empty()) {
      cursor->Next();
    } else {
      cursor = core.kv.Seek(FamilyOf(area), behind);
    }
  }
  return cursor->status();
}

Task<Result<v1::CheckReply>> CheckObjectsOf(Core& core, const v1::CheckRequest& request, uint32_t rows_max) {
  auto page = co_await CheckObjects(core, request.ost(), request.from(), rows_max);
  if (!page.ok()) co_return page.status();
  v1::CheckReply reply;
  Add(std::move(page->findings), reply);
  reply.set_rows(page->rows);
  reply.set_next(std::move(page->next));
  co_return reply;
}

}  // namespace

Answer<v1::CheckReply> ServeCheck(Core& core, Op& op, const v1::CheckRequest& request) {
  NACRE_CO_RETURN_IF_ERROR(CheckMayFsck(op));
  if (request.from().size() > kFromBytesMax) co_return Status(Code::kInvalid, "a place to go on from that is no key");
  const uint32_t rows_max = request.rows_max() == 0 ? kRowsMax : std::min(request.rows_max(), kRowsMax);
  v1::CheckReply reply;
  switch (request.area()) {
    case v1::CHECK_ENTRIES:
      NACRE_CO_RETURN_IF_ERROR(CheckEntries(core, request.from(), rows_max, reply));
      co_return reply;
    case v1::CHECK_INODES: {
      std::vector<Fid> directories, files;
      NACRE_CO_RETURN_IF_ERROR(CheckInodes(core, request.from(), rows_max, reply, directories, files));
      const Status status = co_await CheckCountersAndSizes(core, std::move(directories), std::move(files), reply);
      if (!status.ok()) co_return status;
      co_return reply;
    }
    case v1::CHECK_LINKS:
    case v1::CHECK_XATTRS:
    case v1::CHECK_ORPHANS:
    case v1::CHECK_COUNTERS:
      NACRE_CO_RETURN_IF_ERROR(CheckLeftRows(core, request.area(), request.from(), rows_max, reply));
      co_return reply;
    case v1::CHECK_OBJECTS:
      co_return co_await CheckObjectsOf(core, request, rows_max);
    default:
      co_return Status(Code::kInvalid, "an area that nobody knows");
  }
}

}  // namespace nacre
